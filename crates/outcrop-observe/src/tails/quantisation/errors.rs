//! Sums of squared errors by what shares a scale.

#[cfg(all(target_arch = "x86_64", feature = "avx512"))]
mod avx512;

use crate::View;
use crate::summary::Summary;
use crate::sums::{LANES, sum_of, whole};
use crate::wide::{Arch, Simd, WithSimd};

/// Adds the errors of all rows, `largest` of which are their largest magnitudes. The same bits in every way.
pub(super) fn add_rows(tensor: View<'_>, largest: &[f32], all: &mut [Errors; 2]) {
    let rows = Rows {
        tensor,
        largest,
        all,
    };
    #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
    let Some(rows) = avx512::add(rows) else {
        return;
    };
    Arch::new().dispatch(rows);
}

struct Rows<'a> {
    tensor: View<'a>,
    largest: &'a [f32],
    all: &'a mut [Errors; 2],
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.add(Plain);
    }
}

impl Rows<'_> {
    #[inline(always)]
    fn add(self, add: impl AddErrors) {
        let ([int8, int4], width) = (self.all, self.tensor.columns());
        // a power of two that ROWS is a multiple of
        let together = 1 << (SCALARS / width).clamp(1, ROWS).ilog2();
        let groups = self.tensor.values().chunks(together * width);
        for (at, (rows, largest)) in groups.zip(self.largest.chunks(together)).enumerate() {
            int8.add(rows, largest, add);
            int4.add(rows, largest, add);
            if ((at + 1) * together).is_multiple_of(ROWS) {
                int8.flush();
                int4.flush();
            }
        }
    }
}

/// Some scalars and what their errors are added to.
struct Block<'a> {
    x: &'a [f32; LANES],
    /// By tensor and by row.
    inverses: [f32; 2],
    sums: &'a mut [[f32; LANES]; 2],
    by_column: &'a [f32; LANES],
    columns: &'a mut [f32; LANES],
}

/// How the squared errors of some scalars, in steps, are added.
trait AddErrors: Copy {
    fn block(self, block: Block<'_>);
}

/// By operations that every machine has.
#[derive(Clone, Copy)]
struct Plain;

impl AddErrors for Plain {
    #[inline(always)]
    fn block(self, block: Block<'_>) {
        for (inverse, sums) in block.inverses.into_iter().zip(block.sums) {
            for (sum, x) in sums.iter_mut().zip(block.x) {
                *sum = add_error(*x, inverse, *sum);
            }
        }
        let scalars = block.x.iter().zip(block.by_column);
        for (sum, (x, inverse)) in block.columns.iter_mut().zip(scalars) {
            *sum = add_error(*x, *inverse, *sum);
        }
    }
}

/// The largest magnitude, and the inverse of the distance of two levels: 0 where f32 has none, beside a tensor without errors
/// there.
#[derive(Clone, Copy)]
struct Scale {
    largest: f64,
    inverse: f32,
}

impl Scale {
    #[inline(always)]
    fn new(largest: f32, levels: f64) -> Self {
        let largest = f64::from(largest);
        let inverse = (levels / largest) as f32;
        Self {
            largest,
            inverse: if inverse.is_finite() { inverse } else { 0.0 },
        }
    }
}

/// Scalars of a row, and rows of a column, whose squared errors are added up in f32: 16 in a sum, few enough that it keeps
/// six digits.
const SCALARS: usize = 16 * LANES;
const ROWS: usize = 16;

/// Those of one number of levels.
pub(super) struct Errors {
    levels: f64,
    of_tensor: Scale,
    /// 0 where all scalars are 0.
    inverse_largest: f64,
    /// In its steps: by its own scale and by those of the rows.
    tensor: [f64; LANES],
    row: [f64; LANES],
    scales: Vec<Scale>,
    inverses: Vec<f32>,
    /// In steps: of the last few rows, and of those before.
    few: Vec<f32>,
    columns: Vec<f64>,
}

impl Errors {
    pub(super) fn new(summary: &Summary, levels: f64) -> Self {
        let columns = summary.columns.largest.iter();
        let scales: Vec<Scale> = columns.map(|most| Scale::new(*most, levels)).collect();
        let of_tensor = Scale::new(summary.largest, levels);
        Self {
            levels,
            of_tensor,
            inverse_largest: match of_tensor.largest > 0.0 {
                true => 1.0 / of_tensor.largest,
                false => 0.0,
            },
            tensor: [0.0; LANES],
            row: [0.0; LANES],
            inverses: scales.iter().map(|scale| scale.inverse).collect(),
            few: vec![0.0; scales.len()],
            columns: vec![0.0; scales.len()],
            scales,
        }
    }

    /// Adds rows of [`SCALARS`] together, or one that is longer.
    #[inline(always)]
    fn add(&mut self, rows: &[f32], largest: &[f32], add: impl AddErrors) {
        let width = self.scales.len();
        let mut sums = [[0.0f32; LANES]; 2];
        for (row, largest) in rows.chunks_exact(width).zip(largest) {
            let of_row = Scale::new(*largest, self.levels);
            // of squares in steps of the row, in those of the tensor
            let weight = (of_row.largest * self.inverse_largest).powi(2) as f32;
            let inverses = [self.of_tensor.inverse, of_row.inverse];
            for (at, scalars) in row.chunks(SCALARS).enumerate() {
                let own = self.part(at * SCALARS, scalars, inverses, add);
                for (sums, (own, weight)) in sums.iter_mut().zip(own.iter().zip([1.0, weight])) {
                    let lanes = sums.iter_mut().zip(own);
                    lanes.for_each(|(sum, x)| *sum = x.mul_add(weight, *sum));
                }
                if width > SCALARS {
                    self.take(std::mem::take(&mut sums));
                }
            }
        }
        self.take(sums);
    }

    /// Adds the scalars of a row from column `first` on to their columns. Their sums in steps of the tensor and of the row.
    #[inline(always)]
    fn part(
        &mut self,
        first: usize,
        scalars: &[f32],
        inverses: [f32; 2],
        add: impl AddErrors,
    ) -> [[f32; LANES]; 2] {
        let mut sums = [[0.0; LANES]; 2];
        let (blocks, rest) = scalars.as_chunks::<LANES>();
        let (by_column, by_column_rest) = self.inverses[first..][..scalars.len()].as_chunks();
        let (few, few_rest) = self.few[first..][..scalars.len()].as_chunks_mut::<LANES>();
        for ((x, by_column), columns) in blocks.iter().zip(by_column).zip(few) {
            add.block(Block {
                x,
                inverses,
                sums: &mut sums,
                by_column,
                columns,
            });
        }
        for (inverse, sums) in inverses.into_iter().zip(&mut sums) {
            let last = sums.iter_mut().zip(rest);
            last.for_each(|(sum, x)| *sum = add_error(*x, inverse, *sum));
        }
        let last = few_rest.iter_mut().zip(rest).zip(by_column_rest);
        last.for_each(|((sum, x), inverse)| *sum = add_error(*x, *inverse, *sum));
        whole(sums)
    }

    /// Adds sums by lanes: adding up the lanes of each row would cost as much as a short row.
    #[inline(always)]
    fn take(&mut self, sums: [[f32; LANES]; 2]) {
        for (all, sums) in [&mut self.tensor, &mut self.row].into_iter().zip(&sums) {
            let lanes = all.iter_mut().zip(sums);
            lanes.for_each(|(all, sum)| *all += f64::from(*sum));
        }
    }

    #[inline(always)]
    fn flush(&mut self) {
        for (all, few) in self.columns.iter_mut().zip(&mut self.few) {
            *all += f64::from(*few);
            *few = 0.0;
        }
    }

    /// Of the tensor, by column, by row.
    pub(super) fn finish(mut self) -> [f64; 3] {
        self.flush();
        let squared = |scale: Scale, steps: f64| steps * (scale.largest / self.levels).powi(2);
        let columns = self.columns.iter().zip(&self.scales);
        [
            squared(self.of_tensor, sum_of(&self.tensor)),
            columns.map(|(sum, scale)| squared(*scale, *sum)).sum(),
            squared(self.of_tensor, sum_of(&self.row)),
        ]
    }
}

/// `sum` and the squared error of a scalar, in steps.
#[inline(always)]
fn add_error(x: f32, inverse: f32, sum: f32) -> f32 {
    let scaled = x * inverse;
    let error = scaled - round_to_even(scaled);
    error.mul_add(error, sum)
}

/// The nearest integer of a number below 2^22, of two the even one. Every processor has the two additions as vector
/// instructions, but not `f32::round_ties_even`.
#[inline(always)]
fn round_to_even(x: f32) -> f32 {
    const SHIFT: f32 = 1.5 * (1u32 << 23) as f32;
    (x + SHIFT) - SHIFT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_that_of_the_standard_library() {
        for i in -1000..1000 {
            let x = i as f32 / 8.0;
            assert_eq!(round_to_even(x), x.round_ties_even());
        }
    }

    /// Rows of any length, and scalars halfway between two levels.
    #[test]
    fn every_way_gives_the_same_bits() {
        for columns in [1, 33, 64, 100, 600] {
            let at = |i: usize| (i * 37 % 255) as f32 * 0.5 - 63.5;
            let values: Vec<f32> = (0..35 * columns).map(at).collect();
            let tensor = View::new(&values, columns).unwrap();
            let summary = Summary::new(tensor);
            let all = || [127.0, 7.0].map(|levels| Errors::new(&summary, levels));
            let (mut found, mut plain) = (all(), all());
            add_rows(tensor, &summary.rows, &mut found);
            let rows = Rows {
                tensor,
                largest: &summary.rows,
                all: &mut plain,
            };
            Arch::new().dispatch(rows);
            assert_eq!(found.map(Errors::finish), plain.map(Errors::finish));
        }
    }
}
