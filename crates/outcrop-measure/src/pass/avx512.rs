//! AVX-512 moves what a mask selects to the front of a vector.

use std::arch::x86_64::__m512i;

use pulp::x86::V4;
use pulp::{NullaryFnOnce, cast};

use super::{Counts, GROUP, LANES, Pass, ROOM};
use crate::bits::MAGNITUDE;

pub(super) struct Vectorised<'a> {
    pub(super) simd: V4,
    pub(super) pass: Pass<'a>,
}

/// What the loop over groups holds in registers.
struct Sought {
    magnitudes: __m512i,
    low: __m512i,
    high: __m512i,
    one: __m512i,
    not_below: __m512i,
    largest: __m512i,
}

fn all(x: u32) -> __m512i {
    cast([x; LANES])
}

impl NullaryFnOnce for Vectorised<'_> {
    type Output = Counts;

    #[inline(always)]
    fn call(self) -> Counts {
        let Self { simd, mut pass } = self;
        let mut sought = Sought {
            magnitudes: all(MAGNITUDE),
            low: all(pass.low),
            high: all(pass.high),
            // The compiler would make two instructions of adding a 1 that it knows.
            one: all(std::hint::black_box(1)),
            not_below: all(0),
            largest: all(0),
        };
        let mut inside = 0;
        let (groups, last) = pass.block.as_chunks::<GROUP>();
        let mut peaks = pass.peaks.of_group.iter_mut();
        for (group, peak) in groups.iter().zip(&mut peaks) {
            inside += sought.group(simd, group, &mut pass.kept[inside..], peak);
        }
        if let (false, Some(peak)) = (last.is_empty(), peaks.next()) {
            inside += sought.group(simd, last, &mut pass.kept[inside..], peak);
        }
        let (vectors, rest) = pass.block.as_chunks::<LANES>();
        let not_below = simd.avx512f._mm512_reduce_add_epi32(sought.not_below) as usize;
        let mut found = Counts {
            below: vectors.len() * LANES - not_below,
            inside,
        };
        pass.peaks.largest = cast(sought.largest);
        pass.rest(rest, &mut found);
        found
    }
}

impl Sought {
    /// Whole vectors of a group; how many were inside.
    #[inline(always)]
    fn group(
        &mut self,
        simd: V4,
        group: &[f32],
        kept: &mut [f32],
        peak: &mut [u32; LANES],
    ) -> usize {
        let Some(kept) = kept.first_chunk_mut::<ROOM>() else {
            unreachable!("the memory for what is kept is longer");
        };
        let f = simd.avx512f;
        let mut largest = all(0);
        let mut inside = 0;
        for h in group.as_chunks::<LANES>().0 {
            let m = f._mm512_and_si512(cast(*h), self.magnitudes);
            largest = f._mm512_max_epu32(largest, m);
            let from_low = f._mm512_cmpge_epu32_mask(m, self.low);
            self.not_below =
                f._mm512_mask_add_epi32(self.not_below, from_low, self.not_below, self.one);
            let mask = f._mm512_mask_cmple_epu32_mask(from_low, m, self.high);
            let compressed = f._mm512_maskz_compress_epi32(mask, m);
            let at = inside % GROUP;
            kept[at..at + LANES].copy_from_slice(&cast::<__m512i, [f32; LANES]>(compressed));
            inside += mask.count_ones() as usize;
        }
        *peak = cast(largest);
        self.largest = f._mm512_max_epu32(self.largest, largest);
        inside
    }
}
