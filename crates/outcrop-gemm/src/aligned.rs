use std::ops::{Deref, DerefMut};

/// Bytes of a cache line, and of the widest vectors.
const LINE: usize = 64;

/// Numbers that begin where a cache line does: a vector of them is then read from one line, not two.
#[derive(Debug, Default)]
pub struct Aligned {
    values: Vec<f32>,
    start: usize,
    len: usize,
}

impl Aligned {
    /// Sets its length to `len` numbers, which are 0 or have old values.
    pub fn resize(&mut self, len: usize) {
        let spare = LINE / size_of::<f32>();
        if self.values.len() < len + spare {
            self.values = vec![0.0; len + spare];
            // more than what is spare only where nothing can be aligned
            self.start = self.values.as_ptr().align_offset(LINE).min(spare);
        }
        self.len = len;
    }

    /// How long it can become without fresh memory.
    pub fn capacity(&self) -> usize {
        self.values.len().saturating_sub(LINE / size_of::<f32>())
    }
}

impl Clone for Aligned {
    fn clone(&self) -> Self {
        let mut clone = Self::default();
        clone.resize(self.len);
        clone.copy_from_slice(self);
        clone
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values[self.start..self.start + self.len]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values[self.start..self.start + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_on_a_line_and_a_copy_too() {
        let mut numbers = Aligned::default();
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
