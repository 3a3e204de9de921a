//! The magnitude of a rank among a few.

use pulp::{Arch, Simd, WithSimd};

use crate::bits::magnitude;

/// Up to this many, counting for each how many are below it is faster than anything that branches.
pub(crate) const FEW: usize = 32;

/// The magnitude at `rank` from below, from 0.
pub(crate) fn select(magnitudes: &mut [f32], rank: usize) -> u32 {
    if magnitudes.len() <= FEW {
        return Arch::new().dispatch(SelectFew { magnitudes, rank });
    }
    let (_, h, _) = magnitudes.select_nth_unstable_by(rank, f32::total_cmp);
    magnitude(*h)
}

/// Counts for at most [`FEW`] at once how many are below, without a branch that depends on them.
struct SelectFew<'a> {
    magnitudes: &'a [f32],
    rank: usize,
}

impl WithSimd for SelectFew<'_> {
    type Output = u32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> u32 {
        let mut all = [u32::MAX; FEW];
        for (m, h) in all.iter_mut().zip(self.magnitudes) {
            *m = magnitude(*h);
        }
        let rank = simd.splat_u32s(self.rank as u32);
        let [none, one] = [0, 1].map(|x| simd.splat_u32s(x));
        let mut largest = none;
        for m in S::as_simd_u32s(&all).0 {
            let mut below = none;
            for other in &all[..self.magnitudes.len()] {
                let lower = simd.less_than_u32s(simd.splat_u32s(*other), *m);
                below = simd.add_u32s(below, simd.select_u32s(lower, one, none));
            }
            // The largest with no more below it than the rank; what fills the array has all below it.
            let near = simd.less_than_or_equal_u32s(below, rank);
            largest = simd.max_u32s(largest, simd.select_u32s(near, *m, none));
        }
        let mut lanes = [0; FEW];
        S::as_mut_simd_u32s(&mut lanes).0[0] = largest;
        lanes.iter().fold(0, |largest, m| (*m).max(largest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selecting_among_few_is_indexing_a_sort() {
        for n in [1, 2, 3, 17, FEW, FEW + 1] {
            let magnitudes: Vec<f32> = (0..n).map(|i| (i * 29 % 23) as f32).collect();
            let mut sorted = magnitudes.clone();
            sorted.sort_by(f32::total_cmp);
            for (rank, h) in sorted.iter().enumerate() {
                assert_eq!(select(&mut magnitudes.clone(), rank), h.to_bits());
            }
        }
    }
}
