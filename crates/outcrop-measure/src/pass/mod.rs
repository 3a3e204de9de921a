//! One pass over a block of scalars, vectorised for what the machine has: counts the values below a bracket, keeps
//! those inside, and finds the largest of every few.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(all(target_arch = "x86_64", feature = "avx512"))]
mod avx512;

use pulp::{Arch, Simd, WithSimd};

use crate::bits::magnitude;
use crate::peaks::{GROUP, LANES, Peaks};

/// Scalars of which a bit each makes a word.
const WORD: usize = 64;
/// Scalars by which the memory for kept values is longer than the block.
pub(crate) const ROOM: usize = GROUP + LANES;

/// A block, and the search in it.
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
        #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
        if let Some(simd) = pulp::x86::V4::try_new() {
            return simd.vectorize(avx512::Vectorised { simd, pass: self });
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V3::try_new() {
            return simd.vectorize(avx2::Vectorised { simd, pass: self });
        }
        Arch::new().dispatch(self)
    }

    /// Takes the end of the block, what whole vectors or words leave, one by one; `found` before.
    #[inline(always)]
    fn rest(&mut self, rest: &[f32], found: &mut Counts) {
        let last = self.block.len().saturating_sub(1) / GROUP;
        for (i, h) in rest.iter().enumerate() {
            let m = magnitude(*h);
            for peaks in [&mut self.peaks.of_group[last], &mut self.peaks.largest] {
                peaks[i % LANES] = m.max(peaks[i % LANES]);
            }
            self.kept[found.inside] = f32::from_bits(m);
            found.below += usize::from(m < self.low);
            found.inside += usize::from((self.low..=self.high).contains(&m));
        }
    }
}

impl WithSimd for Pass<'_> {
    type Output = Counts;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) -> Counts {
        let (mut found, mut below) = (Counts::default(), [0; LANES]);
        self.peaks.largest = [0; LANES];
        for (group, peak) in self.block.chunks(GROUP).zip(&mut self.peaks.of_group) {
            *peak = [0; LANES];
            for word in group.as_chunks::<WORD>().0 {
                let mut bits = 0;
                for (i, h) in word.as_chunks::<LANES>().0.iter().enumerate() {
                    let m = h.map(magnitude);
                    for ((m, peak), below) in m.iter().zip(&mut *peak).zip(&mut below) {
                        *peak = (*m).max(*peak);
                        *below += u32::from(*m < self.low);
                    }
                    bits |= u64::from(flags(&m, self.low, self.high)) << (i * LANES);
                }
                found.inside += keep(word, bits, &mut self.kept[found.inside..]);
            }
            for (largest, m) in self.peaks.largest.iter_mut().zip(peak) {
                *largest = (*m).max(*largest);
            }
        }
        found.below = below.iter().sum::<u32>() as usize;
        self.rest(self.block.as_chunks::<WORD>().1, &mut found);
        found
    }
}

/// The magnitudes whose bits are set go to the front of `kept`; how many.
#[inline(always)]
fn keep(word: &[f32; WORD], mut bits: u64, kept: &mut [f32]) -> usize {
    let count = bits.count_ones() as usize;
    for kept in &mut kept[..count] {
        *kept = word[bits.trailing_zeros() as usize % WORD].abs();
        bits &= bits - 1;
    }
    count
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peaks::BLOCK;

    /// Through a block: those that this machine has.
    fn ways() -> Vec<fn(Pass<'_>) -> Counts> {
        let mut ways: Vec<fn(Pass<'_>) -> Counts> =
            vec![|pass| pass.run(), |pass| Arch::new().dispatch(pass)];
        #[cfg(target_arch = "x86_64")]
        if pulp::x86::V3::try_new().is_some() {
            ways.push(|pass| {
                let simd = pulp::x86::V3::try_new().unwrap();
                simd.vectorize(avx2::Vectorised { simd, pass })
            });
        }
        ways
    }

    /// Every way through a block, against the comparisons.
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
                for run in ways() {
                    assert_eq!(pass(run), expected);
                }
            }
        }
    }
}
