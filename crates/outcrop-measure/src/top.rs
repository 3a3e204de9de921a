use std::cmp::Reverse;

use outcrop_core::Top;

use crate::bits::{BLOCK, INFINITE, magnitude, max as largest};
use crate::shape::Shape;

/// Scalars that are offered one by one if the largest of them enters.
const FEW: usize = 32;

/// The k largest finite magnitudes of what was offered, with their indices; of equal ones the
/// first.
pub(crate) struct TopK {
    k: usize,
    /// The smallest magnitude that would enter: later ones that equal the k-th stay behind it.
    floor: u32,
    /// Those that may be among the k, in no order.
    kept: Vec<(u32, usize)>,
}

impl TopK {
    pub(crate) fn new(k: usize) -> Self {
        let floor = if k == 0 { INFINITE } else { 0 };
        Self {
            k,
            floor,
            kept: Vec::new(),
        }
    }

    /// Offers a block whose largest magnitude is `max` and whose first scalar has index `start`.
    /// Nearly every block of a long input ends with this one comparison.
    pub(crate) fn offer(&mut self, block: &[f32], max: u32, start: usize) {
        if max < self.floor {
            return;
        }
        for (few, start) in block.chunks(FEW).zip((start..).step_by(FEW)) {
            if largest(few) >= self.floor {
                self.push(few, start);
            }
        }
    }

    fn push(&mut self, few: &[f32], start: usize) {
        for (index, h) in (start..).zip(few) {
            let m = magnitude(*h);
            if m >= self.floor && m < INFINITE {
                self.kept.push((m, index));
            }
        }
        // Amortised: pruning is linear in what it looks at, and drops half of it.
        if self.kept.len() >= 2 * self.k.min(usize::MAX / 2) {
            self.prune();
        }
    }

    fn prune(&mut self) {
        if self.kept.len() >= self.k && self.k > 0 {
            let (_, last, _) = self.kept.select_nth_unstable_by_key(self.k - 1, order);
            self.floor = last.0 + 1;
            self.kept.truncate(self.k);
        }
    }

    /// The magnitudes in descending order, ties by index.
    pub(crate) fn finish(mut self, shape: Shape) -> Vec<Top> {
        self.prune();
        self.kept.sort_unstable_by_key(order);
        let tops = self.kept.iter().map(|(m, index)| Top {
            magnitude: f32::from_bits(*m),
            place: shape.place(*index),
        });
        tops.collect()
    }
}

fn order(kept: &(u32, usize)) -> (Reverse<u32>, usize) {
    (Reverse(kept.0), kept.1)
}

/// The k largest finite magnitudes of `hidden`.
pub(crate) fn top_k(hidden: &[f32], k: usize, shape: Shape) -> Vec<Top> {
    let mut top = TopK::new(k);
    for (block, start) in hidden.chunks(BLOCK).zip((0..).step_by(BLOCK)) {
        top.offer(block, largest(block), start);
    }
    top.finish(shape)
}
