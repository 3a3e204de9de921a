//! AVX2 tells by a bit for each scalar which are inside; the few bits that are set are then gone through.

use std::arch::x86_64::__m256i;

use pulp::x86::V3;
use pulp::{NullaryFnOnce, cast};

use super::{Counts, GROUP, LANES, Pass, WORD};
use crate::bits::MAGNITUDE;

/// Scalars of a vector.
const HALF: usize = LANES / 2;

pub(super) struct Vectorised<'a> {
    pub(super) simd: V3,
    pub(super) pass: Pass<'a>,
}

fn all(x: u32) -> __m256i {
    cast([x; HALF])
}

impl NullaryFnOnce for Vectorised<'_> {
    type Output = Counts;

    #[inline(always)]
    fn call(self) -> Counts {
        let Self { simd, mut pass } = self;
        let f = simd.avx2;
        let [magnitudes, low, high] = [MAGNITUDE, pass.low, pass.high].map(all);
        let mut found = Counts::default();
        let mut below = all(0);
        let mut largest = [all(0); 2];
        for (group, peak_of_group) in pass.block.chunks(GROUP).zip(&mut pass.peaks.of_group) {
            let mut peak = [all(0); 2];
            for word in group.as_chunks::<WORD>().0 {
                let mut bits = 0;
                for (i, h) in word.as_chunks::<HALF>().0.iter().enumerate() {
                    let m = f._mm256_and_si256(cast(*h), magnitudes);
                    peak[i % 2] = f._mm256_max_epu32(peak[i % 2], m);
                    // both are below 2^31, so that signs do not matter
                    let is_below = f._mm256_cmpgt_epi32(low, m);
                    below = f._mm256_sub_epi32(below, is_below);
                    let outside = f._mm256_or_si256(is_below, f._mm256_cmpgt_epi32(m, high));
                    let outside = simd.avx._mm256_movemask_ps(cast(outside));
                    bits |= u64::from(!outside as u8) << (i * HALF);
                }
                found.inside += super::keep(word, bits, &mut pass.kept[found.inside..]);
            }
            for (largest, peak) in largest.iter_mut().zip(peak) {
                *largest = f._mm256_max_epu32(*largest, peak);
            }
            *peak_of_group = cast(peak);
        }
        found.below = cast::<_, [u32; HALF]>(below).iter().sum::<u32>() as usize;
        pass.peaks.largest = cast(largest);
        pass.rest(pass.block.as_chunks::<WORD>().1, &mut found);
        found
    }
}
