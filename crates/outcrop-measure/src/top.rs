use std::cmp::Reverse;

use outcrop_core::Top;

use crate::bits::{INFINITE, magnitude};
use crate::peaks::{GROUP, LANES, PEAKS, Peaks};
use crate::shape::Shape;

/// Up to this many candidates there is nothing to gain from dropping some.
const FEW: usize = 32;

/// The k largest finite magnitudes of what was offered, with their indices; of equal ones the
/// first.
#[derive(Debug, Default)]
pub(crate) struct TopK {
    k: usize,
    /// The smallest magnitude that may be among the k.
    floor: u32,
    /// Those that may be among the k, in no order.
    kept: Vec<(u32, usize)>,
}

impl TopK {
    /// Clears it, to search for the `k` largest.
    pub(crate) fn begin(&mut self, k: usize) {
        self.k = k;
        self.floor = if k == 0 { INFINITE } else { 0 };
        self.kept.clear();
    }

    /// Offers a block with its peaks; `start` is the index of its first scalar, larger than those before.
    pub(crate) fn offer(&mut self, block: &[f32], start: usize, peaks: &Peaks) {
        let groups = block.len().div_ceil(GROUP);
        let mut reaching = [0; PEAKS + LANES];
        let (floor, count) = peaks.reaching(groups, self.k, self.floor, &mut reaching);
        self.floor = floor;
        for peak in &reaching[..count] {
            let (group, lane) = (*peak as usize / LANES, *peak as usize % LANES);
            // Where nothing has a floor, peaks reach it that stand for nothing.
            let first = (group * GROUP + lane).min(block.len());
            self.push(&block[first..block.len().min(first + GROUP)], start + first);
        }
        // Amortised: pruning is linear in what it looks at, and drops half of it.
        if self.kept.len() >= FEW.max(2 * self.k.min(usize::MAX / 2)) {
            self.prune();
        }
    }

    /// The magnitudes in descending order, ties by index.
    pub(crate) fn finish(&mut self, shape: Shape) -> impl Iterator<Item = Top> {
        self.kept.sort_unstable_by_key(order);
        self.kept.iter().take(self.k).map(move |(m, index)| Top {
            magnitude: f32::from_bits(*m),
            place: shape.place(*index),
        })
    }

    /// Takes one in [`LANES`] of `scalars`, of which the first has index `start`.
    fn push(&mut self, scalars: &[f32], start: usize) {
        let enters = |h: &f32| (self.floor..INFINITE).contains(&magnitude(*h));
        let each = || scalars.iter().step_by(LANES);
        // Without a branch for each: as a rule it is one.
        let bits = each()
            .rev()
            .fold(0u32, |bits, h| bits << 1 | u32::from(enters(h)));
        let mut left = bits;
        while left != 0 {
            let offset = left.trailing_zeros() as usize * LANES;
            self.kept.push((magnitude(scalars[offset]), start + offset));
            left &= left - 1;
        }
    }

    fn prune(&mut self) {
        if self.kept.len() >= self.k && self.k > 0 {
            let (_, last, _) = self.kept.select_nth_unstable_by_key(self.k - 1, order);
            // Later ones that equal the k-th stay behind it.
            self.floor = last.0 + 1;
            self.kept.truncate(self.k);
        }
    }
}

fn order(kept: &(u32, usize)) -> (Reverse<u32>, usize) {
    (Reverse(kept.0), kept.1)
}
