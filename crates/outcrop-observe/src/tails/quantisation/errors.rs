//! Sums of squared errors by what shares a scale.

#[cfg(all(target_arch = "x86_64", feature = "avx512"))]
mod avx512;

use crate::View;
use crate::summary::Summary;
use crate::sums::{LANES, sum_of};
use crate::wide::{Arch, Block, Simd, WithSimd, vectorised};

/// Adds the errors of all rows. The same bits in every way.
pub(super) fn add_rows(tensor: View<'_>, all: &mut Errors) {
    let rows = Rows { tensor, all };
    #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
    let Some(rows) = avx512::add(rows) else {
        return;
    };
    Arch::new().dispatch(rows);
}

struct Rows<'a> {
    tensor: View<'a>,
    all: &'a mut Errors,
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
        let (all, width) = (self.all, self.tensor.columns());
        let together = (SCALARS / width).max(1);
        for (at, row) in self.tensor.iter().enumerate() {
            all.add(at, row, add);
            if (at + 1).is_multiple_of(together) {
                all.tensor.flush();
                all.rows.flush();
            }
            if (at + 1).is_multiple_of(ROWS) {
                all.flush_columns();
            }
        }
    }
}

/// How the squared errors of some scalars, in steps, are added.
trait AddErrors: Copy {
    fn add(self, x: &[f32; LANES], inverses: &[f32; LANES], sums: &mut [f32; LANES]);
}

/// By operations that every machine has.
#[derive(Clone, Copy)]
struct Plain;

impl AddErrors for Plain {
    #[inline(always)]
    fn add(self, x: &[f32; LANES], inverses: &[f32; LANES], sums: &mut [f32; LANES]) {
        for ((sum, x), inverse) in sums.iter_mut().zip(x).zip(inverses) {
            *sum = add_error(*x, *inverse, *sum);
        }
    }
}

/// Scalars of rows, and rows of a column, whose squared errors are added up in f32: 256 and 64 in a sum, few enough that it
/// keeps six digits.
const SCALARS: usize = 256 * LANES;
const ROWS: usize = 64;

/// By the number of levels.
type ByLevels<T> = [T; 2];

/// Sums by lane: of the last scalars, and of those before.
#[derive(Default)]
struct Lanes {
    few: ByLevels<[f32; LANES]>,
    before: ByLevels<[f64; LANES]>,
}

impl Lanes {
    #[inline(always)]
    fn flush(&mut self) {
        let before = self.before.as_flattened_mut().iter_mut();
        for (all, few) in before.zip(self.few.as_flattened_mut()) {
            *all += f64::from(*few);
            *few = 0.0;
        }
    }
}

/// Sums of squared errors.
pub(super) struct Errors {
    levels: ByLevels<f32>,
    largest: f32,
    /// The inverse of the distance of two levels: 0 where f32 has none, beside a tensor without errors there.
    of_tensor: ByLevels<f32>,
    of_rows: ByLevels<Vec<f32>>,
    of_columns: ByLevels<Vec<Block>>,
    /// Of squares in steps of a row, in those of the tensor.
    weights: Vec<f32>,
    /// The largest magnitude of each column.
    columns: Vec<f32>,
    /// In steps of the tensor: rounded by its own scale, and by those of the rows.
    tensor: Lanes,
    rows: Lanes,
    /// By column, in its steps: of the last few rows, and of those before.
    few: ByLevels<Vec<Block>>,
    before: ByLevels<Vec<f64>>,
}

impl Errors {
    pub(super) fn new(summary: &Summary, levels: [f32; 2]) -> Self {
        let columns = &summary.columns.largest;
        let of = |largest: &[f32]| levels.map(|levels| inverses(levels, largest));
        let mut weights = vec![0.0; summary.rows.len()];
        if summary.largest > 0.0 {
            weigh(&summary.rows, summary.largest, &mut weights);
        }
        Self {
            levels,
            largest: summary.largest,
            of_tensor: of(&[summary.largest]).map(|of| of[0]),
            of_rows: of(&summary.rows),
            of_columns: of(columns).map(|of| Block::all(&of)),
            weights,
            columns: columns.clone(),
            tensor: Lanes::default(),
            rows: Lanes::default(),
            few: [0, 1].map(|_| vec![Block::default(); columns.len().div_ceil(LANES)]),
            before: [0, 1].map(|_| vec![0.0; columns.len()]),
        }
    }

    /// Adds the row of this number.
    #[inline(always)]
    fn add(&mut self, at: usize, row: &[f32], add: impl AddErrors) {
        let of_row = self.of_rows.each_ref().map(|of| of[at]);
        let mut sums = [self.tensor.few, [[0.0; LANES]; 2]];
        self.part(row, of_row, &mut sums, add);
        let (tensor, of_rows) = (sums[0], &sums[1]);
        self.tensor.few = tensor;
        let weight = self.weights[at];
        let all = self.rows.few.as_flattened_mut().iter_mut();
        for (all, sum) in all.zip(of_rows.as_flattened()) {
            *all = sum.mul_add(weight, *all);
        }
    }

    /// Adds a row to the columns, and to sums of the tensor and of the row.
    #[inline(always)]
    fn part(
        &mut self,
        row: &[f32],
        of_row: ByLevels<f32>,
        [tensor, of_rows]: &mut [ByLevels<[f32; LANES]>; 2],
        add: impl AddErrors,
    ) {
        let (blocks, rest) = row.as_chunks::<LANES>();
        let [int8, int4] = &self.of_columns;
        let [few8, few4] = &mut self.few;
        let columns = int8.iter().zip(int4).zip(few8.iter_mut().zip(few4));
        let mut columns = columns.map(|((int8, int4), (few8, few4))| ([int8, int4], [few8, few4]));
        let inverses = [self.of_tensor, of_row];
        // not a closure, which the compiler is free not to inline
        for (x, columns) in blocks.iter().zip(&mut columns) {
            add_block(x, inverses, columns, tensor, of_rows, add);
        }
        if let Some(columns) = columns.next() {
            let x = Block::padded(rest);
            add_block(&x.0, inverses, columns, tensor, of_rows, add);
        }
    }

    #[inline(always)]
    fn flush_columns(&mut self) {
        for (before, few) in self.before.iter_mut().zip(&mut self.few) {
            for (all, few) in before.chunks_mut(LANES).zip(few) {
                let lanes = all.iter_mut().zip(&few.0);
                lanes.for_each(|(all, few)| *all += f64::from(*few));
                *few = Block::default();
            }
        }
    }

    /// By levels: of the tensor, by column, by row.
    pub(super) fn finish(mut self) -> [[f64; 3]; 2] {
        self.flush_columns();
        self.tensor.flush();
        self.rows.flush();
        [0, 1].map(|at| {
            let levels = f64::from(self.levels[at]);
            let squared = |largest: f32, steps: f64| steps * (f64::from(largest) / levels).powi(2);
            let columns = self.before[at].iter().zip(&self.columns);
            let [of_tensor, of_rows] =
                [&self.tensor, &self.rows].map(|sums| sum_of(&sums.before[at]));
            [
                squared(self.largest, of_tensor),
                columns.map(|(sum, most)| squared(*most, *sum)).sum(),
                squared(self.largest, of_rows),
            ]
        })
    }
}

/// Adds some scalars of a row. `inverses` are those of the tensor and of the row.
#[inline(always)]
fn add_block(
    x: &[f32; LANES],
    [of_tensor, of_row]: [ByLevels<f32>; 2],
    (of_columns, columns): (ByLevels<&Block>, ByLevels<&mut Block>),
    tensor: &mut ByLevels<[f32; LANES]>,
    row: &mut ByLevels<[f32; LANES]>,
    add: impl AddErrors,
) {
    let [few8, few4] = columns;
    add.add(x, &[of_tensor[0]; LANES], &mut tensor[0]);
    add.add(x, &[of_row[0]; LANES], &mut row[0]);
    add.add(x, &of_columns[0].0, &mut few8.0);
    add.add(x, &[of_tensor[1]; LANES], &mut tensor[1]);
    add.add(x, &[of_row[1]; LANES], &mut row[1]);
    add.add(x, &of_columns[1].0, &mut few4.0);
}

/// The inverse of the distance of two of so many levels, by the largest magnitude; 0 where f32 has none.
fn inverses(levels: f32, largest: &[f32]) -> Vec<f32> {
    let mut all = vec![0.0; largest.len()];
    divide(levels, largest, &mut all);
    all
}

vectorised! {
    fn divide<'a>(levels: f32, largest: &'a [f32], to: &'a mut [f32]) -> () {
        for (to, largest) in to.iter_mut().zip(largest) {
            let inverse = levels / *largest;
            *to = if inverse < f32::INFINITY { inverse } else { 0.0 };
        }
    }
}

vectorised! {
    fn weigh<'a>(rows: &'a [f32], largest: f32, to: &'a mut [f32]) -> () {
        let inverse = 1.0 / f64::from(largest);
        for (to, row) in to.iter_mut().zip(rows) {
            let share = f64::from(*row) * inverse;
            *to = (share * share) as f32;
        }
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
            let summary = Summary::new(tensor, None);
            let [mut found, mut plain] = [0, 1].map(|_| Errors::new(&summary, [127.0, 7.0]));
            add_rows(tensor, &mut found);
            let rows = Rows {
                tensor,
                all: &mut plain,
            };
            Arch::new().dispatch(rows);
            assert_eq!(found.finish(), plain.finish());
        }
    }
}
