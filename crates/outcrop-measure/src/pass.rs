//! One pass over a block of scalars, vectorised for what the machine has: counts what lies below a
//! bracket, keeps what lies inside, and finds the largest of every few.

use pulp::{Arch, Simd, WithSimd};

use crate::bits::magnitude;
use crate::peaks::{GROUP, LANES, Peaks};

/// Scalars by which the memory for what is kept is longer than what is looked at.
pub(crate) const ROOM: usize = GROUP + LANES;

/// A block, and what is sought in it.
pub(crate) struct Pass<'a> {
    /// At most [`BLOCK`](crate::peaks::BLOCK) scalars.
    pub(crate) block: &'a [f32],
    /// The smallest magnitude inside of the bracket.
    pub(crate) low: u32,
    /// The largest.
    pub(crate) high: u32,
    /// What is inside goes to its front; [`ROOM`] longer than the block.
    pub(crate) kept: &'a mut [f32],
    pub(crate) peaks: &'a mut Peaks,
}

/// How many magnitudes are below the bracket, and how many are inside.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) below: usize,
    pub(crate) inside: usize,
}

impl Pass<'_> {
    pub(crate) fn run(self) -> Counts {
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V4::try_new() {
            return simd.vectorize(avx512::Run { simd, pass: self });
        }
        Arch::new().dispatch(self)
    }

    /// Takes the last, less than [`LANES`], one by one; `found` before.
    #[inline(always)]
    fn rest(&mut self, rest: &[f32], found: &mut Counts) {
        let last = self.block.len().saturating_sub(1) / GROUP;
        let peaks = &mut self.peaks;
        let peaks = peaks.of_group[last].iter_mut().zip(&mut peaks.largest);
        for (h, peaks) in rest.iter().zip(peaks) {
            let m = magnitude(*h);
            for peak in <[&mut u32; 2]>::from(peaks) {
                *peak = m.max(*peak);
            }
            self.kept[found.inside] = f32::from_bits(m);
            found.below += usize::from(m < self.low);
            found.inside += usize::from((self.low..=self.high).contains(&m));
        }
    }
}

/// Which of 64 scalars are inside is found without a branch and kept in one word; the loop then
/// runs over the few bits that are set.
impl WithSimd for Pass<'_> {
    type Output = Counts;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) -> Counts {
        let (mut found, mut below) = (Counts::default(), [0; LANES]);
        self.peaks.largest = [0; LANES];
        for (group, peak) in self.block.chunks(GROUP).zip(&mut self.peaks.of_group) {
            *peak = [0; LANES];
            for word in group.as_chunks::<LANES>().0.chunks(4) {
                let mut bits = 0;
                for (i, h) in word.iter().enumerate() {
                    let m = h.map(magnitude);
                    for ((m, peak), below) in m.iter().zip(&mut *peak).zip(&mut below) {
                        *peak = (*m).max(*peak);
                        *below += u32::from(*m < self.low);
                    }
                    bits |= u64::from(flags(&m, self.low, self.high)) << (i * LANES);
                }
                while bits != 0 {
                    let h = word.as_flattened()[bits.trailing_zeros() as usize];
                    self.kept[found.inside] = h.abs();
                    found.inside += 1;
                    bits &= bits - 1;
                }
            }
            for (largest, m) in self.peaks.largest.iter_mut().zip(peak) {
                *largest = (*m).max(*largest);
            }
        }
        found.below = below.iter().sum::<u32>() as usize;
        self.rest(self.block.as_chunks::<LANES>().1, &mut found);
        found
    }
}

/// A bit for each magnitude from `low` to `high`.
#[inline(always)]
fn flags(magnitudes: &[u32; LANES], low: u32, high: u32) -> u16 {
    let bytes = magnitudes.map(|m| u8::from(m.wrapping_sub(low) <= high - low));
    // Eight bytes of 0 or 1 become eight bits in the highest byte of the product.
    let packed = |b: &[u8; 8]| u64::from_le_bytes(*b).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    let [first, second] = [0, 1].map(|i| bytes.as_chunks::<8>().0.get(i).map_or(0, packed));
    (second << 8 | first) as u16
}

/// AVX-512 moves what a mask selects to the front of a vector.
#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::__m512i;

    use pulp::x86::V4;
    use pulp::{NullaryFnOnce, cast};

    use super::{Counts, GROUP, LANES, Pass, ROOM};
    use crate::bits::MAGNITUDE;

    pub(super) struct Run<'a> {
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

    impl NullaryFnOnce for Run<'_> {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peaks::BLOCK;

    /// Both ways through a block, against the comparisons.
    #[test]
    fn a_pass_counts_keeps_and_finds_peaks() {
        for n in [0, 1, 15, 16, 17, 64, 256, 300, 1000, BLOCK] {
            let block: Vec<f32> = (0..n).map(|i| (i * 37 % 64) as f32 - 20.0).collect();
            for [low, high] in [[5.0, 30.0], [0.0, f32::MAX], [43.0, 43.0], [50.0, 60.0]] {
                let [low_bits, high_bits] = [low, high].map(magnitude);
                let pass = |run: fn(Pass<'_>) -> Counts| {
                    let (mut kept, mut peaks) = (vec![0.0; n + ROOM], Peaks::default());
                    let pass = Pass {
                        block: &block,
                        low: low_bits,
                        high: high_bits,
                        kept: &mut kept,
                        peaks: &mut peaks,
                    };
                    let found = run(pass);
                    kept.truncate(found.inside);
                    (found.below, kept, peaks)
                };
                let sizes = || block.iter().map(|h| h.abs());
                let kept = sizes().filter(|h| (low..=high).contains(h));
                let mut peaks = Peaks::default();
                for (i, h) in sizes().enumerate() {
                    for peak in [&mut peaks.of_group[i / GROUP], &mut peaks.largest] {
                        peak[i % LANES] = h.to_bits().max(peak[i % LANES]);
                    }
                }
                let below = sizes().filter(|h| *h < low).count();
                let expected = (below, kept.collect(), peaks);
                assert_eq!(pass(|p| p.run()), expected);
                assert_eq!(pass(|p| Arch::new().dispatch(p)), expected);
            }
        }
    }
}
