//! One pass over a block of scalars, vectorised for what the machine has: counts what lies below a
//! bracket, keeps what lies inside, and finds the largest of every lane.

use pulp::{Arch, Simd, WithSimd};

use crate::bits::magnitude;

/// Scalars that are looked at together.
pub(crate) const LANES: usize = 16;

/// A block, and what is sought in it.
pub(crate) struct Pass<'a> {
    pub(crate) block: &'a [f32],
    /// The smallest magnitude inside of the bracket.
    pub(crate) low: u32,
    /// The largest, less the smallest.
    pub(crate) width: u32,
    /// What is inside goes to its front; [`LANES`] longer than the block.
    pub(crate) kept: &'a mut [f32],
    /// Becomes the largest of what is there and of the magnitudes at index i modulo [`LANES`].
    pub(crate) largest: &'a mut [u32; LANES],
}

impl Pass<'_> {
    /// How many magnitudes are below the bracket, and how many were kept.
    pub(crate) fn run(self) -> [usize; 2] {
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V4::try_new() {
            return simd.vectorize(avx512::Run { simd, pass: self });
        }
        Arch::new().dispatch(self)
    }

    /// Takes at most [`LANES`] scalars one by one; `[below, inside]` is the number of those before.
    #[inline(always)]
    fn rest(&mut self, rest: &[f32], [mut below, mut inside]: [usize; 2]) -> [usize; 2] {
        for (h, largest) in rest.iter().zip(self.largest.iter_mut()) {
            let m = magnitude(*h);
            *largest = m.max(*largest);
            self.kept[inside] = f32::from_bits(m);
            below += usize::from(m < self.low);
            inside += usize::from(m.wrapping_sub(self.low) <= self.width);
        }
        [below, inside]
    }
}

/// Which of 64 scalars are inside is found without a branch and kept in one word; the loop then
/// runs over the few bits that are set.
impl WithSimd for Pass<'_> {
    type Output = [usize; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) -> [usize; 2] {
        let (words, rest) = self.block.as_chunks::<64>();
        let (mut below, mut inside) = ([0; LANES], 0);
        for word in words {
            for h in word.as_chunks::<LANES>().0 {
                let m = h.map(magnitude);
                for ((m, largest), below) in m.iter().zip(self.largest.iter_mut()).zip(&mut below) {
                    *largest = (*m).max(*largest);
                    *below += u32::from(*m < self.low);
                }
            }
            let mut bits = flags(word, self.low, self.width);
            while bits != 0 {
                let h = word[bits.trailing_zeros() as usize % 64];
                self.kept[inside] = h.abs();
                inside += 1;
                bits &= bits - 1;
            }
        }
        let below = below.iter().sum::<u32>() as usize;
        let mut found = [below, inside];
        for rest in rest.chunks(LANES) {
            found = self.rest(rest, found);
        }
        found
    }
}

/// A bit for each scalar whose magnitude is from `low` to `low + width`.
#[inline(always)]
fn flags(word: &[f32; 64], low: u32, width: u32) -> u64 {
    let bytes = word.map(|h| u8::from(magnitude(h).wrapping_sub(low) <= width));
    // Eight bytes of 0 or 1 become eight bits in the highest byte of the product.
    let packed = bytes
        .as_chunks::<8>()
        .0
        .iter()
        .rev()
        .map(|b| u64::from_le_bytes(*b).wrapping_mul(0x0102_0408_1020_4080) >> 56);
    packed.fold(0, |bits, byte| bits << 8 | byte)
}

/// AVX-512 moves what a mask selects to the front of a vector.
#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::__m512i;

    use pulp::x86::V4;
    use pulp::{NullaryFnOnce, cast};

    use super::{LANES, Pass};
    use crate::bits::MAGNITUDE;

    pub(super) struct Run<'a> {
        pub(super) simd: V4,
        pub(super) pass: Pass<'a>,
    }

    impl NullaryFnOnce for Run<'_> {
        type Output = [usize; 2];

        #[inline(always)]
        fn call(self) -> [usize; 2] {
            let Self { simd, mut pass } = self;
            let f = simd.avx512f;
            let magnitudes: __m512i = cast([MAGNITUDE; LANES]);
            let low: __m512i = cast([pass.low; LANES]);
            let width: __m512i = cast([pass.width; LANES]);
            let mut largest: __m512i = cast(*pass.largest);
            let mut below: __m512i = cast([0u32; LANES]);
            let mut inside = 0;
            let (vectors, rest) = pass.block.as_chunks::<LANES>();
            for h in vectors {
                let m = f._mm512_and_si512(cast(*h), magnitudes);
                largest = f._mm512_max_epu32(largest, m);
                // both are below 2^31: the sign says which is larger
                let above_low = f._mm512_sub_epi32(m, low);
                below = f._mm512_add_epi32(below, f._mm512_srli_epi32::<31>(above_low));
                let mask = f._mm512_cmple_epu32_mask(above_low, width);
                let kept = f._mm512_maskz_compress_epi32(mask, m);
                if let Some(room) = pass.kept.get_mut(inside..inside + LANES) {
                    room.copy_from_slice(&cast::<__m512i, [f32; LANES]>(kept));
                }
                inside += mask.count_ones() as usize;
            }
            *pass.largest = cast(largest);
            let below = f._mm512_reduce_add_epi32(below) as usize;
            pass.rest(rest, [below, inside])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways through a block, against the comparisons.
    #[test]
    fn a_pass_counts_keeps_and_finds_the_largest() {
        for n in [0, 1, 15, 16, 17, 64, 1000] {
            let block: Vec<f32> = (0..n).map(|i| (i * 37 % 64) as f32 - 20.0).collect();
            for [low, high] in [[5.0, 30.0], [0.0, f32::MAX], [43.0, 43.0], [50.0, 60.0]] {
                let bits = [low, high].map(magnitude);
                let pass = |run: fn(Pass<'_>) -> [usize; 2]| {
                    let (mut kept, mut largest) = (vec![0.0; n + LANES], [0; LANES]);
                    let pass = Pass {
                        block: &block,
                        low: bits[0],
                        width: bits[1] - bits[0],
                        kept: &mut kept,
                        largest: &mut largest,
                    };
                    let [below, inside] = run(pass);
                    kept.truncate(inside);
                    (below, kept, largest)
                };
                let sizes = || block.iter().map(|h| h.abs());
                let kept = sizes().filter(|h| (low..=high).contains(h));
                let lane = |i| {
                    sizes()
                        .skip(i)
                        .step_by(LANES)
                        .fold(0.0f32, f32::max)
                        .to_bits()
                };
                let expected: (usize, Vec<f32>, [u32; LANES]) = (
                    sizes().filter(|h| *h < low).count(),
                    kept.collect(),
                    std::array::from_fn(lane),
                );
                assert_eq!(pass(|p| p.run()), expected);
                assert_eq!(pass(|p| Arch::new().dispatch(p)), expected);
            }
        }
    }
}
