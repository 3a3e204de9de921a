//! Sixteen rows of sixteen lanes at once.

use std::arch::x86_64::{__m512, __m512d};

use pulp::x86::V4;
use pulp::{NullaryFnOnce, cast};

use super::{HALF, Own, ROWS};

/// The same as the plain loops; none where the machine has no such instructions.
pub(super) fn reduce(own: &Own) -> Option<[[f32; ROWS]; 2]> {
    let simd = V4::try_new()?;
    Some(simd.vectorize(Reduce { simd, own }))
}

struct Reduce<'a> {
    simd: V4,
    own: &'a Own,
}

impl NullaryFnOnce for Reduce<'_> {
    type Output = [[f32; ROWS]; 2];

    #[inline(always)]
    fn call(self) -> [[f32; ROWS]; 2] {
        let of = |rows, is_max| InPairs {
            simd: self.simd,
            rows,
            is_max,
        };
        [
            of(&self.own.most, true).all(),
            of(&self.own.squares, false).all(),
        ]
    }
}

/// Pairs of lanes, first within quarters of vectors, then quarters. No closures: the compiler is free not to inline those.
#[derive(Clone, Copy)]
struct InPairs<'a> {
    simd: V4,
    rows: &'a [[f32; HALF]; ROWS],
    is_max: bool,
}

impl InPairs<'_> {
    #[inline(always)]
    fn of(self, a: __m512, b: __m512) -> __m512 {
        match self.is_max {
            true => self.simd.avx512f._mm512_max_ps(a, b),
            false => self.simd.avx512f._mm512_add_ps(a, b),
        }
    }

    #[inline(always)]
    fn pair(self, at: usize) -> __m512 {
        let f = self.simd.avx512f;
        let [a, b]: [__m512; 2] = [cast(self.rows[at]), cast(self.rows[at + 1])];
        self.of(f._mm512_unpacklo_ps(a, b), f._mm512_unpackhi_ps(a, b))
    }

    #[inline(always)]
    fn four(self, at: usize) -> __m512 {
        let f = self.simd.avx512f;
        let [a, b]: [__m512d; 2] = [cast(self.pair(at)), cast(self.pair(at + 2))];
        let (low, high) = (f._mm512_unpacklo_pd(a, b), f._mm512_unpackhi_pd(a, b));
        self.of(cast(low), cast(high))
    }

    /// Quarters 0 and 2 of both, and quarters 1 and 3.
    #[inline(always)]
    fn quarters(self, a: __m512, b: __m512) -> __m512 {
        let f = self.simd.avx512f;
        let even = f._mm512_shuffle_f32x4::<0b10_00_10_00>(a, b);
        self.of(even, f._mm512_shuffle_f32x4::<0b11_01_11_01>(a, b))
    }

    #[inline(always)]
    fn all(self) -> [f32; ROWS] {
        let low = self.quarters(self.four(0), self.four(4));
        let high = self.quarters(self.four(8), self.four(12));
        cast(self.quarters(low, high))
    }
}
