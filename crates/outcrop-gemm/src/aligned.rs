use std::ops::{Deref, DerefMut};

/// Bytes of a cache line, and of the widest vectors.
const LINE: usize = 64;

/// Numbers that begin where a cache line does: a vector of them is then read from one line, not two.
#[derive(Debug, Default)]
pub struct Aligned<T = f32> {
    values: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Copy + Default> Aligned<T> {
    /// Sets its length to `len` numbers, which are 0 or have old values.
    pub fn resize(&mut self, len: usize) {
        let spare = LINE / size_of::<T>();
        if self.values.len() < len + spare {
            self.values = vec![T::default(); len + spare];
            // more than what is spare only where nothing can be aligned
            self.start = self.values.as_ptr().align_offset(LINE).min(spare);
        }
        self.len = len;
    }

    /// How long it can become without fresh memory.
    pub fn capacity(&self) -> usize {
        self.values.len().saturating_sub(LINE / size_of::<T>())
    }
}

impl<T: Copy + Default> Clone for Aligned<T> {
    fn clone(&self) -> Self {
        let mut clone = Self::default();
        clone.resize(self.len);
        clone.copy_from_slice(self);
        clone
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.values[self.start..self.start + self.len]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.values[self.start..self.start + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_on_a_line_and_a_copy_too() {
        let mut numbers = Aligned::<f32>::default();
        for len in [3, 1000, 5, 70_000] {
            numbers.resize(len);
            numbers.fill(1.5);
            let copy = numbers.clone();
            assert_eq!(&*copy, vec![1.5; len]);
            for values in [&*numbers, &*copy] {
                assert_eq!(values.as_ptr().align_offset(LINE), 0);
            }
        }
    }
}
