//! Parts of lines into panels, through the widest registers of the machine.

use pulp::{Arch, Simd, WithSimd};

use crate::kernel::{ROWS, ROWS_OF_16};

/// Some numbers of each of many lines, and where they go.
pub(crate) struct Lines<'a> {
    pub(crate) values: &'a [f32],
    /// From one line to the next.
    pub(crate) stride: usize,
    /// Numbers of each that are meant.
    pub(crate) there: usize,
    /// Numbers of a line in a panel.
    pub(crate) high: usize,
    pub(crate) to: &'a mut [f32],
}

impl Lines<'_> {
    /// Into one panel, which is as high or higher: what is there beyond the lines stays.
    pub(crate) fn copy(self) {
        Arch::new().dispatch(One(self));
    }

    /// Over panels as high as a tile, so that each line is read once. What is there beyond the lines may
    /// be overwritten.
    pub(crate) fn spread(self) {
        Arch::new().dispatch(Many(self));
    }
}

struct One<'a>(Lines<'a>);
struct Many<'a>(Lines<'a>);

impl WithSimd for One<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Lines { there, high, .. } = self.0;
        match (there, high) {
            // copies of a length that the compiler knows
            (32, 32) => self.whole::<32>(),
            (16, 16) => self.whole::<16>(),
            _ => self.part(),
        }
    }
}

impl One<'_> {
    #[inline(always)]
    fn whole<const N: usize>(self) {
        let lines = self.0.values.chunks(self.0.stride);
        for (place, line) in self.0.to.as_chunks_mut::<N>().0.iter_mut().zip(lines) {
            place.copy_from_slice(&line[..N]);
        }
    }

    #[inline(always)]
    fn part(self) {
        let there = self.0.there;
        let lines = self.0.values.chunks(self.0.stride);
        for (place, line) in self.0.to.chunks_exact_mut(self.0.high).zip(lines) {
            place[..there].copy_from_slice(&line[..there]);
        }
    }
}

impl WithSimd for Many<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match self.0.high {
            ROWS_OF_16 => self.by::<ROWS_OF_16, 16>(),
            ROWS => self.by::<ROWS, 8>(),
            high => unreachable!("no tile has {high} rows"),
        }
    }
}

impl Many<'_> {
    /// By registers of WIDE numbers, more than a panel has of a line: the next line overwrites them.
    #[inline(always)]
    fn by<const HIGH: usize, const WIDE: usize>(self) {
        let Lines { there, to, .. } = self.0;
        let count = there.div_ceil(HIGH);
        let depth = to.len() / (count * HIGH).max(1);
        for p in 0..depth {
            let line = &self.0.values[p * self.0.stride..][..there];
            let wide = match p + 1 < depth {
                true => there.saturating_sub(WIDE - HIGH) / HIGH,
                false => 0,
            };
            for i in 0..wide {
                to[(i * depth + p) * HIGH..][..WIDE].copy_from_slice(&line[i * HIGH..][..WIDE]);
            }
            for i in wide..count {
                let from = &line[i * HIGH..there.min((i + 1) * HIGH)];
                to[(i * depth + p) * HIGH..][..from.len()].copy_from_slice(from);
            }
        }
    }
}
