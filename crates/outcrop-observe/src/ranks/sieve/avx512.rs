//! AVX-512 moves what a mask selects to the front of a vector.

use std::arch::x86_64::__m512i;

use pulp::x86::V4;
use pulp::{NullaryFnOnce, cast};

use super::{Counts, ROOM, Sieve};

/// Scalars of a vector.
const LANES: usize = 16;

/// The same as the plain loop; none where the machine has no such instructions.
pub(super) fn block(
    sieve: Sieve,
    values: &[f32],
    inside: &mut [f32],
    above: &mut [f32],
) -> Option<Counts> {
    let simd = V4::try_new()?;
    Some(simd.vectorize(Pass {
        simd,
        sieve,
        values,
        inside,
        above,
    }))
}

struct Pass<'a> {
    simd: V4,
    sieve: Sieve,
    values: &'a [f32],
    inside: &'a mut [f32],
    above: &'a mut [f32],
}

impl NullaryFnOnce for Pass<'_> {
    type Output = Counts;

    #[inline(always)]
    fn call(self) -> Counts {
        match self.sieve.from {
            Some(from) => self.run::<true>(from),
            None => self.run::<false>(u32::MAX),
        }
    }
}

#[inline(always)]
fn all(x: u32) -> __m512i {
    cast([x; LANES])
}

impl Pass<'_> {
    #[inline(always)]
    fn run<const ABOVE: bool>(self, from: u32) -> Counts {
        let Self {
            simd,
            sieve,
            values,
            inside,
            above,
        } = self;
        let sought = Sought {
            simd,
            low: all(sieve.bracket.low),
            high: all(sieve.bracket.high),
            from: all(from),
        };
        // `below` counts those that are not, until the end
        let mut found = Counts::default();
        let (vectors, rest) = values.as_chunks::<LANES>();
        for x in vectors {
            sought.take::<ABOVE>(x, u16::MAX, &mut found, [inside, above]);
        }
        if !rest.is_empty() {
            let mut last = [0.0; LANES];
            last[..rest.len()].copy_from_slice(rest);
            sought.take::<ABOVE>(&last, (1 << rest.len()) - 1, &mut found, [inside, above]);
        }
        found.below = values.len() - found.below;
        found
    }
}

/// What the loop holds in registers.
#[derive(Clone, Copy)]
struct Sought {
    simd: V4,
    low: __m512i,
    high: __m512i,
    from: __m512i,
}

impl Sought {
    /// One vector, of which only some scalars may be `there`. No closure: the compiler is free not to inline those.
    #[inline(always)]
    fn take<const ABOVE: bool>(
        self,
        x: &[f32; LANES],
        there: u16,
        found: &mut Counts,
        [inside, above]: [&mut [f32]; 2],
    ) {
        let f = self.simd.avx512f;
        let bits = f._mm512_and_si512(cast(*x), all(!(1 << 31)));
        let from_low = f._mm512_mask_cmpge_epu32_mask(there, bits, self.low);
        let mask = f._mm512_mask_cmple_epu32_mask(from_low, bits, self.high);
        found.below += from_low.count_ones() as usize;
        keep(self.simd, mask, bits, &mut inside[found.inside..]);
        found.inside += mask.count_ones() as usize;
        if ABOVE {
            let mask = f._mm512_mask_cmpge_epu32_mask(there, bits, self.from);
            keep(self.simd, mask, bits, &mut above[found.above..]);
            found.above += mask.count_ones() as usize;
        }
    }
}

#[inline(always)]
fn keep(simd: V4, mask: u16, bits: __m512i, kept: &mut [f32]) {
    let front = simd.avx512f._mm512_maskz_compress_epi32(mask, bits);
    if let Some(kept) = kept.first_chunk_mut::<ROOM>() {
        *kept = cast(front);
    }
}
