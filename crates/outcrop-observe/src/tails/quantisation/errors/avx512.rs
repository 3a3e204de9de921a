//! AVX-512 has an instruction for what rounding to an integer leaves.

use std::arch::x86_64::__m512;

use pulp::x86::V4;
use pulp::{NullaryFnOnce, cast};

use super::{AddErrors, Rows};
use crate::sums::LANES;

/// Scalars of a vector.
const VECTOR: usize = 16;

/// Adds them where the machine has the instruction, otherwise gives them back.
pub(super) fn add(rows: Rows<'_>) -> Option<Rows<'_>> {
    match V4::try_new() {
        None => Some(rows),
        Some(simd) => {
            simd.vectorize(Pass { simd, rows });
            None
        }
    }
}

struct Pass<'a> {
    simd: V4,
    rows: Rows<'a>,
}

impl NullaryFnOnce for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.rows.add(Reducing(self.simd));
    }
}

#[derive(Clone, Copy)]
struct Reducing(V4);

impl AddErrors for Reducing {
    #[inline(always)]
    fn add(self, x: &[f32; LANES], inverses: &[f32; LANES], sums: &mut [f32; LANES]) {
        /// To the nearest integer, of two the even one.
        const NEAREST: i32 = 0;
        let (f, dq) = (self.0.avx512f, self.0.avx512dq);
        let vectors = x.as_chunks::<VECTOR>().0.iter();
        let vectors = vectors.zip(inverses.as_chunks::<VECTOR>().0);
        for ((x, inverse), sum) in vectors.zip(sums.as_chunks_mut::<VECTOR>().0) {
            let [x, inverse, before]: [__m512; 3] = [cast(*x), cast(*inverse), cast(*sum)];
            let error = dq._mm512_reduce_ps::<NEAREST>(f._mm512_mul_ps(x, inverse));
            *sum = cast(f._mm512_fmadd_ps(error, error, before));
        }
    }
}
