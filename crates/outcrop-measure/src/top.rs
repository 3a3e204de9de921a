use std::cmp::Reverse;

use outcrop_core::Top;
use pulp::{Arch, Simd, WithSimd};

use crate::bits::{INFINITE, magnitude};
use crate::shape::Shape;

/// Scalars that are looked at more closely if the largest of them enters, and those that are then offered
/// one by one.
const FEW: usize = 64;
const FEWER: usize = 8;

/// The k largest finite magnitudes of what was offered, with their indices; of equal ones the
/// first.
struct TopK {
    k: usize,
    /// The smallest magnitude that would enter: later ones that equal the k-th stay behind it.
    floor: u32,
    /// Those that may be among the k, in no order.
    kept: Vec<(u32, usize)>,
}

impl TopK {
    fn new(k: usize, floor: u32) -> Self {
        Self {
            k,
            floor: if k == 0 { INFINITE } else { floor },
            kept: Vec::with_capacity(k.min(16) * 2),
        }
    }

    #[inline(never)]
    fn push(&mut self, few: &[f32], start: usize) {
        for (fewer, start) in few.chunks(FEWER).zip((start..).step_by(FEWER)) {
            if largest(fewer) < self.floor {
                continue;
            }
            for (index, h) in (start..).zip(fewer) {
                let m = magnitude(*h);
                if m >= self.floor && m < INFINITE {
                    self.kept.push((m, index));
                }
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
    fn finish(mut self, shape: Shape) -> Vec<Top> {
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

#[inline(always)]
fn largest(scalars: &[f32]) -> u32 {
    let mut largest = 0;
    for h in scalars {
        largest = magnitude(*h).max(largest);
    }
    largest
}

/// Offers a whole input. Nearly every few of a long one end with one comparison.
struct Offer<'a> {
    hidden: &'a [f32],
    top: &'a mut TopK,
}

impl WithSimd for Offer<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (many, rest) = self.hidden.as_chunks::<FEW>();
        for (few, start) in many.iter().zip((0..).step_by(FEW)) {
            if largest(few) >= self.top.floor {
                self.top.push(few, start);
            }
        }
        self.top.push(rest, self.hidden.len() - rest.len());
    }
}

/// The k largest finite magnitudes of `hidden`, of which at least k are known to be `floor` or more; 0
/// says nothing.
pub(crate) fn top_k(hidden: &[f32], k: usize, floor: u32, shape: Shape) -> Vec<Top> {
    let mut top = TopK::new(k, floor);
    let offer = Offer {
        hidden,
        top: &mut top,
    };
    Arch::new().dispatch(offer);
    top.finish(shape)
}
