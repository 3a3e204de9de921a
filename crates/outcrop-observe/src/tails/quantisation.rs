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

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let tensor = sample.tensor();
    let norm = sums::squares(tensor.values()).sqrt();
    let errors = errors(tensor).into_iter().flatten();
    errors.map(|error| quotient(error.sqrt(), norm)).collect()
}

/// Squared errors by levels, and by what shares a scale: everything, a column, a row.
fn errors(tensor: View<'_>) -> [[f64; 3]; 2] {
    let columns = sums::column_maxima(tensor.iter(), tensor.columns());
    let all = sums::largest(&columns);
    let mut errors = [[0.0; 3]; 2];
    for (of, levels) in errors.iter_mut().zip(LEVELS) {
        let (tensor_scale, column_scales): (_, Vec<_>) = (
            Scale::new(all, levels),
            columns
                .iter()
                .map(|most| Scale::new(*most, levels))
                .collect(),
        );
        for row in &tensor {
            let row_scale = Scale::new(sums::largest(row), levels);
            of[0] += tensor_scale.error(row);
            of[1] += error_by_column(row, &column_scales);
            of[2] += row_scale.error(row);
        }
    }
    errors
}

fn error_by_column(row: &[f32], scales: &[Scale]) -> f64 {
    let mut sums = [0.0; 4];
    let (values, scales) = (row.chunks_exact(4), scales.chunks_exact(4));
    let rest = values.remainder().iter().zip(scales.remainder());
    let rest: f64 = rest.map(|(x, scale)| scale.of(f64::from(*x))).sum();
    for (values, scales) in values.zip(scales) {
        for ((sum, x), scale) in sums.iter_mut().zip(values).zip(scales) {
            *sum += scale.of(f64::from(*x));
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// The step between two levels, and its inverse.
#[derive(Clone, Copy)]
struct Scale {
    step: f64,
    inverse: f64,
}

impl Scale {
    fn new(largest: f32, levels: f64) -> Self {
        let largest = f64::from(largest);
        Self {
            step: largest / levels,
            inverse: match largest > 0.0 {
                true => levels / largest,
                false => 0.0,
            },
        }
    }

    /// The squared error of one scalar.
    fn of(self, x: f64) -> f64 {
        let error = x - round_to_even(x * self.inverse) * self.step;
        error * error
    }

    fn error(self, row: &[f32]) -> f64 {
        let mut sums = [0.0; 4];
        let blocks = row.chunks_exact(4);
        let rest: f64 = blocks
            .remainder()
            .iter()
            .map(|x| self.of(f64::from(*x)))
            .sum();
        for block in blocks {
            for (sum, x) in sums.iter_mut().zip(block) {
                *sum += self.of(f64::from(*x));
            }
        }
        sums.iter().sum::<f64>() + rest
    }
}

/// The nearest integer of a number below 2^51, of two the even one. Every processor has the two additions as vector
/// instructions, but not `f64::round_ties_even`.
fn round_to_even(x: f64) -> f64 {
    const SHIFT: f64 = 1.5 * (1u64 << 52) as f64;
    (x + SHIFT) - SHIFT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_that_of_the_standard_library() {
        for i in -1000..1000 {
            let x = f64::from(i) / 8.0;
            assert_eq!(round_to_even(x), x.round_ties_even());
        }
    }
}
