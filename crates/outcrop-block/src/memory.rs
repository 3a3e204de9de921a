//! Large buffers that go from step to step: fresh memory is cleared by the kernel, page by page, which cost
//! a tenth of a step.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use outcrop_gemm::{Aligned, Packed};

/// What can be lent: its memory outlives its use.
pub(crate) trait Reusable: Default + Send + 'static {
    fn shelf() -> &'static Mutex<Shelf<Self>>;

    /// Numbers that it can hold.
    fn capacity(&self) -> usize;
}

/// Free buffers.
#[derive(Debug)]
pub(crate) struct Shelf<T> {
    free: Vec<T>,
    /// Numbers in use now, and the largest number ever in use.
    lent: usize,
    most: usize,
}

/// A buffer that returns to its shelf. Its content is that of earlier use.
#[derive(Debug)]
pub(crate) struct Lent<T: Reusable> {
    item: T,
    len: usize,
}

/// Numbers of a shelf.
pub(crate) type Buffer = Lent<Aligned>;

impl Reusable for Aligned {
    fn shelf() -> &'static Mutex<Shelf<Self>> {
        static SHELF: Mutex<Shelf<Aligned>> = Mutex::new(Shelf::EMPTY);
        &SHELF
    }

    fn capacity(&self) -> usize {
        self.capacity()
    }
}

impl Reusable for Packed {
    fn shelf() -> &'static Mutex<Shelf<Self>> {
        static SHELF: Mutex<Shelf<Packed>> = Mutex::new(Shelf::EMPTY);
        &SHELF
    }

    fn capacity(&self) -> usize {
        self.capacity()
    }
}

impl<T: Reusable> Shelf<T> {
    const EMPTY: Self = Self {
        free: Vec::new(),
        lent: 0,
        most: 0,
    };

    /// The smallest that holds `len`, unless it holds twice as much.
    fn take(&mut self, len: usize) -> T {
        self.lent += len;
        self.most = self.most.max(self.lent);
        let fitting = self.free.iter().enumerate().map(|(i, x)| (x.capacity(), i));
        let fitting = fitting.filter(|(size, _)| (len..2 * len + 1).contains(size));
        match fitting.min() {
            Some((_, i)) => self.free.remove(i),
            None => T::default(),
        }
    }

    /// Takes it back; frees the oldest buffers while there are more than were ever in use.
    fn put(&mut self, item: T, len: usize) {
        self.lent -= len;
        self.free.push(item);
        let mut held = self.lent + self.free.iter().map(T::capacity).sum::<usize>();
        while held > self.most && !self.free.is_empty() {
            held -= self.free.remove(0).capacity();
        }
    }
}

fn shelf<T: Reusable>() -> MutexGuard<'static, Shelf<T>> {
    T::shelf().lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: Reusable> Lent<T> {
    /// For about `len` numbers.
    pub(crate) fn new(len: usize) -> Self {
        let item = shelf().take(len);
        Self { item, len }
    }
}

impl Buffer {
    /// `len` numbers, to be written before they are read.
    pub(crate) fn of(len: usize) -> Self {
        let mut buffer = Self::new(len);
        buffer.resize(len);
        buffer
    }
}

impl<T: Reusable> Drop for Lent<T> {
    fn drop(&mut self) {
        shelf().put(std::mem::take(&mut self.item), self.len);
    }
}

impl<T: Reusable> Deref for Lent<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.item
    }
}

impl<T: Reusable> DerefMut for Lent<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.item
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shelf of its own, so that other tests do not meet it.
    #[derive(Debug, Default)]
    struct Item(Vec<u8>);

    impl Reusable for Item {
        fn shelf() -> &'static Mutex<Shelf<Self>> {
            static SHELF: Mutex<Shelf<Item>> = Mutex::new(Shelf::EMPTY);
            &SHELF
        }

        fn capacity(&self) -> usize {
            self.0.len()
        }
    }

    fn lend(len: usize) -> Lent<Item> {
        let mut item = Lent::<Item>::new(len);
        if item.capacity() < len {
            item.0 = vec![0; len];
        }
        item
    }

    #[test]
    fn memory_returns_and_no_more_is_kept_than_was_in_use() {
        let (a, b) = (lend(100), lend(60));
        let place = a.0.as_ptr();
        drop((a, b));
        assert_eq!(lend(90).0.as_ptr(), place);
        // neither fits: the smaller one, which has lain longer, goes
        drop(lend(20));
        let kept: Vec<usize> = shelf::<Item>().free.iter().map(Item::capacity).collect();
        assert_eq!(kept, [100, 20]);
        for len in (1..300).step_by(7) {
            drop((lend(len), lend(300 - len)));
            let shelf = shelf::<Item>();
            assert!(shelf.free.iter().map(Item::capacity).sum::<usize>() <= 300);
            assert_eq!((shelf.lent, shelf.most.min(300)), (0, shelf.most));
        }
    }
}
