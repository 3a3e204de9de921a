use crate::missing::quotient;
use crate::observable::{Column, Observable, Reads};
use crate::summary::Summary;
use crate::sums::{LANES, sum_of};
use crate::wide::vectorised;
use crate::{Found, Sample, Site, View};

/// The largest integer of symmetric int8 and int4.
const LEVELS: [f64; 2] = [127.0, 7.0];

const fn column(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "",
        range: [0.0, 1.0],
        meaning,
    }
}

/// The error of rounding a tensor to int8 and int4.
pub(crate) const QUANTISATION: Observable = Observable {
    name: "quantisation",
    family: "tails",
    columns: &[
        column("int8_tensor", "error of int8 with one scale"),
        column("int8_channel", "error of int8 with a scale a channel"),
        column("int8_token", "error of int8 with a scale a position"),
        column("int4_tensor", "error of int4 with one scale"),
        column("int4_channel", "error of int4 with a scale a channel"),
        column("int4_token", "error of int4 with a scale a position"),
    ],
    sites: &[
        Site::ResidualStream,
        Site::AttentionInput,
        Site::MlpInput,
        Site::FinalNorm,
        Site::Keys,
        Site::Values,
        Site::AttentionWrite,
        Site::MlpWrite,
    ],
    needs: "",
    reads: Reads::All,
    convention: "norm(h - quantised h) / norm(h). Absmax: symmetric levels from -127 to 127 (-7 to 7), scale = largest \
                 magnitude / 127 (/ 7), ties to even",
    cost: "O(n d) time in two passes, O(d) memory",
    source: "arXiv 2208.07339 (absmax), 2306.12929",
    compute,
};

/// Below this largest magnitude a tensor is enlarged first, since f32 has no inverse of it.
const SMALL: f32 = 1e-30;

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let tensor = sample.tensor();
    if sample.summary().largest >= SMALL {
        return errors(tensor, sample.summary());
    }
    let enlarged = tensor.values().iter().map(|x| x * 2f32.powi(100));
    let enlarged: Vec<f32> = enlarged.collect();
    match View::new(&enlarged, tensor.columns()) {
        Ok(tensor) => errors(tensor, &Summary::new(tensor)),
        Err(_) => errors(tensor, sample.summary()),
    }
}

/// Norms of the errors over that of the tensor, in the order of the columns.
fn errors(tensor: View<'_>, summary: &Summary) -> Vec<Found> {
    let mut all = LEVELS.map(|levels| Errors::new(summary, levels));
    pass(tensor, &summary.rows, &mut all);
    let norm = summary.squares().sqrt();
    let squares = all.into_iter().flat_map(Errors::finish);
    squares
        .map(|square| quotient(square.sqrt(), norm))
        .collect()
}

vectorised! {
    /// Adds the errors of all rows, `largest` of which are their largest magnitudes.
    fn pass<'a>(tensor: View<'a>, largest: &'a [f32], all: &'a mut [Errors; 2]) -> () {
        let [int8, int4] = all;
        for (at, (row, largest)) in tensor.iter().zip(largest).enumerate() {
            int8.add(row, *largest);
            int4.add(row, *largest);
            if at % ROWS == ROWS - 1 {
                int8.flush();
                int4.flush();
            }
        }
    }
}

/// The distance of two levels, and its inverse: 0 where f32 has none, beside a tensor without errors there.
#[derive(Clone, Copy)]
struct Scale {
    step: f64,
    inverse: f32,
}

impl Scale {
    #[inline(always)]
    fn new(largest: f32, levels: f64) -> Self {
        let step = f64::from(largest) / levels;
        let inverse = (1.0 / step) as f32;
        Self {
            step,
            inverse: if inverse.is_finite() { inverse } else { 0.0 },
        }
    }

    /// Of a sum of squares in steps.
    #[inline(always)]
    fn squared(self, steps: f64) -> f64 {
        steps * self.step * self.step
    }
}

/// Scalars of a row, and rows of a column, whose squared errors are added up in f32: 16 in a sum, few enough that it keeps
/// six digits.
const SCALARS: usize = 16 * LANES;
const ROWS: usize = 16;

/// Sums of squared errors by what shares a scale.
struct Errors {
    levels: f64,
    of_tensor: Scale,
    /// In steps.
    tensor: f64,
    row: f64,
    scales: Vec<Scale>,
    inverses: Vec<f32>,
    /// In steps: of the last few rows, and of those before.
    few: Vec<f32>,
    columns: Vec<f64>,
}

impl Errors {
    fn new(summary: &Summary, levels: f64) -> Self {
        let columns = summary.columns.iter();
        let scales: Vec<Scale> = columns.map(|most| Scale::new(*most, levels)).collect();
        Self {
            levels,
            of_tensor: Scale::new(summary.largest, levels),
            tensor: 0.0,
            row: 0.0,
            inverses: scales.iter().map(|scale| scale.inverse).collect(),
            few: vec![0.0; scales.len()],
            columns: vec![0.0; scales.len()],
            scales,
        }
    }

    #[inline(always)]
    fn add(&mut self, row: &[f32], largest: f32) {
        let of_row = Scale::new(largest, self.levels);
        let inverses = [self.of_tensor.inverse, of_row.inverse];
        let mut sums = [0.0; 2];
        let columns = self
            .inverses
            .chunks(SCALARS)
            .zip(self.few.chunks_mut(SCALARS));
        for (scalars, (by_column, few)) in row.chunks(SCALARS).zip(columns) {
            let [tensor, row] = both(scalars, inverses);
            sums[0] += tensor;
            sums[1] += row;
            for ((sum, x), inverse) in few.iter_mut().zip(scalars).zip(by_column) {
                *sum = add_error(*x, *inverse, *sum);
            }
        }
        self.tensor += sums[0];
        self.row += of_row.squared(sums[1]);
    }

    #[inline(always)]
    fn flush(&mut self) {
        for (all, few) in self.columns.iter_mut().zip(&mut self.few) {
            *all += f64::from(*few);
            *few = 0.0;
        }
    }

    /// Of the tensor, by column, by row.
    fn finish(mut self) -> [f64; 3] {
        self.flush();
        let columns = self.columns.iter().zip(&self.scales);
        [
            self.of_tensor.squared(self.tensor),
            columns.map(|(sum, scale)| scale.squared(*sum)).sum(),
            self.row,
        ]
    }
}

/// The squared errors of some scalars by two scales, in steps.
#[inline(always)]
fn both(scalars: &[f32], [of_tensor, of_row]: [f32; 2]) -> [f64; 2] {
    let (mut first, mut second) = ([0.0f32; LANES], [0.0f32; LANES]);
    for scalars in scalars.chunks(LANES) {
        for ((first, second), x) in first.iter_mut().zip(&mut second).zip(scalars) {
            *first = add_error(*x, of_tensor, *first);
            *second = add_error(*x, of_row, *second);
        }
    }
    [first, second].map(|errors| sum_of(&errors.map(f64::from)))
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
}
