//! What several observables need of a tensor, in one pass over its rows.

use crate::View;
use crate::sums::{LANES, larger, largest_bits_of, sum_of, sum_of_f32};
use crate::wide::vectorised;

/// Sums and maxima of a tensor.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    /// The sum of the squares of each row.
    pub(crate) squares: Vec<f64>,
    /// The largest magnitude of each row.
    pub(crate) rows: Vec<f32>,
    /// The largest magnitude of each column.
    pub(crate) columns: Vec<f32>,
    /// The largest magnitude of all; not finite where a scalar is not.
    pub(crate) largest: f32,
    sum: f64,
    fourths: f64,
    count: usize,
}

impl Summary {
    pub(crate) fn new(tensor: View<'_>) -> Self {
        let mut summary = Self {
            squares: Vec::with_capacity(tensor.rows()),
            rows: Vec::with_capacity(tensor.rows()),
            columns: vec![0.0; tensor.columns()],
            largest: 0.0,
            sum: 0.0,
            fourths: 0.0,
            count: tensor.values().len(),
        };
        pass(tensor, &mut summary);
        // the bits of what is not finite are the largest
        let largest = summary.rows.iter().map(|most| most.to_bits()).max();
        summary.largest = f32::from_bits(largest.unwrap_or_default());
        summary
    }

    /// Whether no scalar is NaN or infinite.
    pub(crate) fn is_finite(&self) -> bool {
        self.largest.is_finite()
    }

    /// The mean of all scalars, to six digits of their root mean square.
    pub(crate) fn mean(&self) -> f64 {
        self.sum / self.count as f64
    }

    /// Root mean square of all scalars.
    pub(crate) fn rms(&self) -> f64 {
        (self.squares() / self.count as f64).sqrt()
    }

    /// The sum of the squares of all scalars.
    pub(crate) fn squares(&self) -> f64 {
        self.squares.iter().sum()
    }

    /// The mean of the fourth powers of all scalars.
    pub(crate) fn mean_fourth(&self) -> f64 {
        self.fourths / self.count as f64
    }

    /// The Euclidean norm of each row.
    pub(crate) fn norms(&self) -> impl Iterator<Item = f64> + '_ {
        self.squares.iter().map(|square| square.sqrt())
    }
}

/// Rows whose largest magnitude is in here are added up in f32 first, whose range their fourth powers do not leave.
const RANGE: std::ops::Range<f32> = 1e-7..1e9;

/// Scalars whose powers are added up in f32: 16 in a sum, few enough that it keeps six digits.
const SCALARS: usize = 16 * LANES;

vectorised! {
    fn pass<'a>(tensor: View<'a>, summary: &'a mut Summary) -> () {
        let mut all = Powers::default();
        for row in tensor.iter() {
            let largest = f32::from_bits(largest_bits_of(row));
            for (most, x) in summary.columns.iter_mut().zip(row) {
                *most = larger(x.abs(), *most);
            }
            let squares = match RANGE.contains(&largest) {
                true => all.add(row),
                false => all.add_exactly(row),
            };
            summary.squares.push(squares);
            summary.rows.push(largest);
        }
        summary.sum = sum_of(&all.sums);
        summary.fourths = sum_of(&all.fourths);
    }
}

vectorised! {
    /// The largest magnitude of a row, and the sum of its squares.
    pub(crate) fn of_row<'a>(row: &'a [f32]) -> (f32, f64) {
        let largest = f32::from_bits(largest_bits_of(row));
        let mut all = Powers::default();
        let squares = match RANGE.contains(&largest) {
            true => all.add(row),
            false => all.add_exactly(row),
        };
        (largest, squares)
    }
}

/// Sums and sums of fourth powers.
struct Powers {
    sums: [f64; LANES],
    fourths: [f64; LANES],
}

impl Default for Powers {
    fn default() -> Self {
        Self {
            sums: [0.0; LANES],
            fourths: [0.0; LANES],
        }
    }
}

impl Powers {
    /// Adds a row; the sum of its squares.
    #[inline(always)]
    fn add(&mut self, row: &[f32]) -> f64 {
        let mut all = 0.0;
        for scalars in row.chunks(SCALARS) {
            let mut lanes = [[0.0f32; LANES]; 3];
            let (blocks, rest) = scalars.as_chunks::<LANES>();
            for block in blocks {
                add_powers(block, &mut lanes);
            }
            if !rest.is_empty() {
                let mut block = [0.0; LANES];
                block[..rest.len()].copy_from_slice(rest);
                add_powers(&block, &mut lanes);
            }
            let [sums, squares, fourths] = &lanes;
            add_lanes(sums, &mut self.sums);
            add_lanes(fourths, &mut self.fourths);
            all += sum_of_f32(squares);
        }
        all
    }

    /// The same in f64.
    fn add_exactly(&mut self, row: &[f32]) -> f64 {
        let mut squares = [0.0; LANES];
        for row in row.chunks(LANES) {
            let lanes = self
                .sums
                .iter_mut()
                .zip(&mut squares)
                .zip(&mut self.fourths);
            for (((sum, squares), fourths), x) in lanes.zip(row) {
                let x = f64::from(*x);
                *sum += x;
                *squares += x * x;
                *fourths += (x * x) * (x * x);
            }
        }
        sum_of(&squares)
    }
}

#[inline(always)]
fn add_lanes(from: &[f32; LANES], to: &mut [f64; LANES]) {
    to.iter_mut()
        .zip(from)
        .for_each(|(to, x)| *to += f64::from(*x));
}

/// Adds the first, second and fourth powers of some scalars to lanes.
#[inline(always)]
fn add_powers(x: &[f32; LANES], [sums, squares, fourths]: &mut [[f32; LANES]; 3]) {
    // each array whole before the next, so that it is a few vectors
    let square: [f32; LANES] = std::array::from_fn(|k| x[k] * x[k]);
    *sums = std::array::from_fn(|k| sums[k] + x[k]);
    *squares = std::array::from_fn(|k| squares[k] + square[k]);
    *fourths = std::array::from_fn(|k| square[k].mul_add(square[k], fourths[k]));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of magnitudes whose fourth powers f32 has, and of those whose it has not.
    #[test]
    fn sums_are_those_in_f64() {
        for scale in [1.0, 1e-12, 1e-30, 1e12, 3e4] {
            for columns in [1, 31, 32, 700] {
                let at = |i: usize| ((i * 37 % 101) as f32 - 47.0) * scale / 50.0;
                let values: Vec<f32> = (0..5 * columns).map(at).collect();
                let found = Summary::new(View::new(&values, columns).unwrap());
                let power = |n: i32| values.iter().map(|x| f64::from(*x).powi(n)).sum::<f64>();
                let near = |a: f64, b: f64, size: f64| assert!((a - b).abs() <= 1e-6 * size);
                let count = values.len() as f64;
                near(found.squares(), power(2), power(2));
                near(found.mean_fourth(), power(4) / count, power(4) / count);
                near(found.mean(), power(1) / count, found.rms());
                let row = values[..columns].iter().map(|x| f64::from(*x).powi(2));
                near(found.squares[0], row.clone().sum(), row.sum());
            }
        }
    }

    #[test]
    fn what_is_not_finite_is_seen() {
        for odd in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut values = [1.0; 12];
            values[7] = odd;
            assert!(!Summary::new(View::new(&values, 4).unwrap()).is_finite());
        }
        assert!(Summary::new(View::new(&[f32::MAX; 4], 2).unwrap()).is_finite());
    }
}
