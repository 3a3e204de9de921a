use crate::missing::quotient;
use crate::observable::{Column, Observable, Reads};
use crate::{Found, Sample, Site, View, sums};

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
    let largest = sums::largest(tensor.values());
    let enlarged: Vec<f32> = match largest < SMALL {
        true => tensor.values().iter().map(|x| x * 2f32.powi(100)).collect(),
        false => Vec::new(),
    };
    let tensor = View::new(&enlarged, tensor.columns()).unwrap_or(tensor);
    let norm = sums::squares(tensor.values()).sqrt();
    let errors = errors(tensor).into_iter().flatten();
    errors.map(|error| quotient(error.sqrt(), norm)).collect()
}

/// Squared errors by levels, and by what shares a scale: everything, a column, a row.
fn errors(tensor: View<'_>) -> [[f64; 3]; 2] {
    let columns = sums::column_maxima(tensor.iter(), tensor.columns());
    let all = sums::largest(&columns);
    LEVELS.map(|levels| {
        let scale = Scale::new(all, levels);
        let of_columns = columns.iter().map(|most| Scale::new(*most, levels));
        let mut by_column = ByColumn::new(of_columns.collect());
        let mut errors = [0.0; 3];
        for row in &tensor {
            let of_row = Scale::new(sums::largest(row), levels);
            errors[0] += scale.errors(row);
            errors[2] += of_row.errors(row);
            by_column.add(row);
        }
        errors[1] = by_column.finish();
        errors
    })
}

/// Squared errors that are added up in f32: few enough that their sum keeps six digits.
const BLOCK: usize = 64;

/// The distance of two levels, and its inverse: 0 where f32 has none, beside a tensor without errors there.
#[derive(Clone, Copy)]
struct Scale {
    step: f64,
    inverse: f32,
}

impl Scale {
    fn new(largest: f32, levels: f64) -> Self {
        let step = f64::from(largest) / levels;
        let inverse = (1.0 / step) as f32;
        Self {
            step,
            inverse: if inverse.is_finite() { inverse } else { 0.0 },
        }
    }

    /// The sum of the squared errors of some scalars.
    fn errors(self, row: &[f32]) -> f64 {
        let block = |block: &[f32]| {
            let mut sums = [0.0f32; 8];
            let lanes = block.chunks_exact(8);
            let rest = lanes.remainder().iter();
            let rest: f32 = rest.map(|x| error(x * self.inverse)).sum();
            for lane in lanes {
                for (sum, x) in sums.iter_mut().zip(lane) {
                    *sum += error(x * self.inverse);
                }
            }
            f64::from(sums.iter().sum::<f32>() + rest)
        };
        row.chunks(BLOCK).map(block).sum::<f64>() * self.step * self.step
    }
}

/// The squared error of a scalar, both in steps.
fn error(scaled: f32) -> f32 {
    let error = scaled - round_to_even(scaled);
    error * error
}

/// Squared errors of columns with a scale each, in steps, row by row.
struct ByColumn {
    scales: Vec<Scale>,
    inverses: Vec<f32>,
    /// Of the last few rows, and of those before.
    few: Vec<f32>,
    all: Vec<f64>,
    rows: usize,
}

impl ByColumn {
    fn new(scales: Vec<Scale>) -> Self {
        Self {
            inverses: scales.iter().map(|scale| scale.inverse).collect(),
            few: vec![0.0; scales.len()],
            all: vec![0.0; scales.len()],
            rows: 0,
            scales,
        }
    }

    fn add(&mut self, row: &[f32]) {
        for ((sum, x), inverse) in self.few.iter_mut().zip(row).zip(&self.inverses) {
            *sum += error(x * inverse);
        }
        self.rows += 1;
        if self.rows.is_multiple_of(BLOCK) {
            self.flush();
        }
    }

    fn flush(&mut self) {
        for (all, few) in self.all.iter_mut().zip(&mut self.few) {
            *all += f64::from(std::mem::take(few));
        }
    }

    fn finish(mut self) -> f64 {
        self.flush();
        let columns = self.all.iter().zip(&self.scales);
        columns
            .map(|(sum, scale)| sum * scale.step * scale.step)
            .sum()
    }
}

/// The nearest integer of a number below 2^22, of two the even one. Every processor has the two additions as vector
/// instructions, but not `f32::round_ties_even`.
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
