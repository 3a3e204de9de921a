//! The largest magnitudes of a block, and which of them may be among the largest of all.

use pulp::{Arch, Simd, WithSimd};

use crate::bits::INFINITE;

/// Scalars that are looked at together.
pub(crate) const LANES: usize = 16;
/// Scalars of a block: they stay in the first cache.
pub(crate) const BLOCK: usize = 4096;
/// Scalars of a group, of which each lane's largest is found.
pub(crate) const GROUP: usize = 16 * LANES;

/// Peaks of a block.
pub(crate) const PEAKS: usize = BLOCK / GROUP * LANES;

/// The largest magnitudes of a block among those at index i modulo [`LANES`]; 0 where there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Peaks {
    /// What lies behind the end of the block has no meaning.
    pub(crate) of_group: [[u32; LANES]; BLOCK / GROUP],
    pub(crate) largest: [u32; LANES],
}

impl Peaks {
    /// The peaks of the first `groups` that may be among the `k` largest, if nothing below `floor` is: their
    /// indices (group times [`LANES`] plus lane) go to the front of `reaching`. Gives what they reach, `floor`
    /// or a larger magnitude that k scalars of the block reach, and their number.
    pub(crate) fn reaching(
        &self,
        groups: usize,
        k: usize,
        floor: u32,
        reaching: &mut [u32; PEAKS + LANES],
    ) -> (u32, usize) {
        let reach = Reach {
            peaks: self,
            groups,
            k,
            floor,
            reaching,
        };
        reach.run()
    }

    /// A magnitude that at least k finite scalars reach, or 0.
    #[inline(always)]
    fn floor<S: Simd>(&self, simd: S, k: usize) -> u32 {
        if k > S::U32_LANES {
            return 0;
        }
        let none = simd.splat_u32s(0);
        let mut largest = none;
        for part in S::as_simd_u32s(&self.largest).0 {
            largest = simd.max_u32s(largest, *part);
        }
        let finite = simd.less_than_u32s(largest, simd.splat_u32s(INFINITE));
        let mut lanes = simd.transmute_f32s_u32s(simd.select_u32s(finite, largest, none));
        let mut floor = 0.0;
        for _ in 0..k {
            floor = simd.reduce_max_f32s(lanes);
            let lower = simd.less_than_f32s(lanes, simd.splat_f32s(floor));
            lanes = simd.select_f32s(lower, lanes, simd.splat_f32s(0.0));
        }
        floor.to_bits()
    }
}

struct Reach<'a> {
    peaks: &'a Peaks,
    groups: usize,
    k: usize,
    floor: u32,
    reaching: &'a mut [u32; PEAKS + LANES],
}

impl Reach<'_> {
    fn run(self) -> (u32, usize) {
        #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
        if let Some(simd) = pulp::x86::V4::try_new() {
            return simd.vectorize(avx512::Vectorised { simd, reach: self });
        }
        Arch::new().dispatch(self)
    }
}

impl WithSimd for Reach<'_> {
    type Output = (u32, usize);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> (u32, usize) {
        let Self {
            peaks, groups, k, ..
        } = self;
        let floor = self.floor.max(peaks.floor(simd, k));
        let mut count = 0;
        for (group, peak) in peaks.of_group.iter().take(groups).enumerate() {
            let largest = peak.iter().fold(0, |largest, m| (*m).max(largest));
            if largest < floor {
                continue;
            }
            for (lane, m) in peak.iter().enumerate() {
                self.reaching[count] = (group * LANES + lane) as u32;
                count += usize::from(*m >= floor);
            }
        }
        (floor, count)
    }
}

/// AVX-512 moves what a mask selects to the front of a vector: no branch depends on the peaks.
#[cfg(all(target_arch = "x86_64", feature = "avx512"))]
mod avx512 {
    use std::arch::x86_64::__m512i;

    use pulp::x86::V4;
    use pulp::{NullaryFnOnce, cast};

    use super::{LANES, PEAKS, Reach};

    pub(super) struct Vectorised<'a> {
        pub(super) simd: V4,
        pub(super) reach: Reach<'a>,
    }

    impl NullaryFnOnce for Vectorised<'_> {
        type Output = (u32, usize);

        #[inline(always)]
        fn call(self) -> (u32, usize) {
            let Self { simd, reach } = self;
            let f = simd.avx512f;
            let floor = reach.floor.max(reach.peaks.floor(simd, reach.k));
            let all = |x: u32| -> __m512i { cast([x; LANES]) };
            let [least, step] = [floor, LANES as u32].map(all);
            let mut indices: __m512i = cast(std::array::from_fn::<u32, LANES, _>(|i| i as u32));
            let mut count = 0;
            for peak in reach.peaks.of_group.iter().take(reach.groups) {
                let mask = f._mm512_cmpge_epu32_mask(cast(*peak), least);
                let at = count % (PEAKS + 1);
                let kept = f._mm512_maskz_compress_epi32(mask, indices);
                reach.reaching[at..at + LANES].copy_from_slice(&cast::<_, [u32; LANES]>(kept));
                count += mask.count_ones() as usize;
                indices = f._mm512_add_epi32(indices, step);
            }
            (floor, count)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways, against the comparisons.
    #[test]
    fn what_reaches_the_floor_is_found() {
        let mut peaks = Peaks::default();
        for (i, m) in peaks.of_group.as_flattened_mut().iter_mut().enumerate() {
            *m = ((i * 37 % 101) as f32 + 1.0).to_bits();
        }
        peaks.of_group[2][5] = INFINITE;
        for (lane, largest) in peaks.largest.iter_mut().enumerate() {
            let each = peaks.of_group.iter().map(|peak| peak[lane]);
            *largest = each.max().unwrap();
        }
        for (groups, k, least) in [
            (16, 3, 0.0),
            (16, 3, 101.0),
            (3, 1, 0.0),
            (2, 40, 90.0),
            (0, 3, 0.0),
        ] {
            let least = f32::to_bits(least);
            let mut expected: Vec<u32> = Vec::new();
            let mut floors = Vec::new();
            let ways: [fn(Reach<'_>) -> (u32, usize); 2] =
                [|reach| reach.run(), |reach| Arch::new().dispatch(reach)];
            for run in ways {
                let mut reaching = [0; PEAKS + LANES];
                let (floor, count) = run(Reach {
                    peaks: &peaks,
                    groups,
                    k,
                    floor: least,
                    reaching: &mut reaching,
                });
                let all = peaks.of_group[..groups].as_flattened();
                expected.clear();
                expected.extend((0..).zip(all).filter(|(_, m)| **m >= floor).map(|(i, _)| i));
                assert_eq!(reaching[..count], expected);
                let finite = peaks.largest.iter().filter(|m| **m < INFINITE);
                assert!(floor == least || finite.filter(|m| **m >= floor).count() >= k);
                floors.push(floor);
            }
            assert_eq!(floors[0], floors[1]);
        }
    }
}
