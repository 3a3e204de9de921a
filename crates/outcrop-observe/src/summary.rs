//! What several observables need of a tensor, in one pass over its rows.

use crate::View;
use crate::sums::{LANES, larger, largest_bits_of, magnitude_bits, sum_of, sum_of_f32, whole};
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

/// Scalars whose largest magnitude is in here are added up in f32 first, whose range their fourth powers do not leave.
const RANGE: std::ops::Range<f32> = 1e-7..1e9;

/// Scalars whose powers are added up in f32: 16 in a sum, few enough that it keeps six digits.
const SCALARS: usize = 16 * LANES;

vectorised! {
    fn pass<'a>(tensor: View<'a>, summary: &'a mut Summary) -> () {
        let mut all = Powers::default();
        for row in tensor.iter() {
            let (mut largest, mut squares) = (0, 0.0);
            let chunks = row.chunks(SCALARS).zip(summary.columns.chunks_mut(SCALARS));
            for (scalars, columns) in chunks {
                let (most, square) = all.add(scalars, columns);
                largest = u32::max(most, largest);
                squares += square;
            }
            summary.squares.push(squares);
            summary.rows.push(f32::from_bits(largest));
        }
        summary.sum = sum_of(&all.sums);
        summary.fourths = sum_of(&all.fourths);
    }
}

vectorised! {
    /// The largest magnitude of a row, and the sum of its squares.
    pub(crate) fn of_row<'a>(row: &'a [f32]) -> (f32, f64) {
        let (mut largest, mut squares) = (0, 0.0);
        for scalars in row.chunks(SCALARS) {
            let (mut most, mut lanes) = ([0u32; LANES], [0.0f32; LANES]);
            let (blocks, rest) = scalars.as_chunks::<LANES>();
            for x in blocks {
                most = std::array::from_fn(|k| u32::max(magnitude_bits(x[k]), most[k]));
                lanes = std::array::from_fn(|k| x[k].mul_add(x[k], lanes[k]));
            }
            let (most, lanes) = whole((most, lanes));
            let most = u32::max(largest_of(&most), largest_bits_of(rest));
            largest = u32::max(most, largest);
            squares += match RANGE.contains(&f32::from_bits(most)) {
                true => sum_of_f32(&lanes) + squares_of(rest),
                false => squares_of(scalars),
            };
        }
        (f32::from_bits(largest), squares)
    }
}

#[inline(always)]
fn squares_of(scalars: &[f32]) -> f64 {
    scalars.iter().map(|x| f64::from(*x) * f64::from(*x)).sum()
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

/// What some scalars of a row give, by lane.
#[derive(Clone, Copy)]
struct Lanes {
    most: [u32; LANES],
    sums: [f32; LANES],
    squares: [f32; LANES],
    fourths: [f32; LANES],
}

impl Lanes {
    /// Takes in some scalars, and the largest magnitudes of their columns.
    #[inline(always)]
    fn add(&mut self, x: &[f32; LANES], columns: &mut [f32; LANES]) {
        // each array whole before the next, so that it is a few vectors
        let sizes: [f32; LANES] = std::array::from_fn(|k| x[k].abs());
        let square: [f32; LANES] = std::array::from_fn(|k| x[k] * x[k]);
        *columns = std::array::from_fn(|k| larger(sizes[k], columns[k]));
        self.most = std::array::from_fn(|k| u32::max(sizes[k].to_bits(), self.most[k]));
        self.sums = std::array::from_fn(|k| self.sums[k] + x[k]);
        self.squares = std::array::from_fn(|k| self.squares[k] + square[k]);
        self.fourths = std::array::from_fn(|k| square[k].mul_add(square[k], self.fourths[k]));
    }
}

impl Powers {
    /// Adds at most [`SCALARS`] of a row, and takes the largest magnitudes of their columns into `columns`; the bits of their
    /// largest magnitude, and the sum of their squares.
    #[inline(always)]
    fn add(&mut self, scalars: &[f32], columns: &mut [f32]) -> (u32, f64) {
        let mut lanes = Lanes {
            most: [0; LANES],
            sums: [0.0; LANES],
            squares: [0.0; LANES],
            fourths: [0.0; LANES],
        };
        let (blocks, rest) = scalars.as_chunks::<LANES>();
        let (of_blocks, of_rest) = columns.as_chunks_mut::<LANES>();
        for (x, columns) in blocks.iter().zip(of_blocks) {
            lanes.add(x, columns);
        }
        if !rest.is_empty() {
            let [mut x, mut last] = [[0.0; LANES]; 2];
            x[..rest.len()].copy_from_slice(rest);
            last[..rest.len()].copy_from_slice(of_rest);
            lanes.add(&x, &mut last);
            of_rest.copy_from_slice(&last[..rest.len()]);
        }
        let lanes = whole(lanes);
        let largest = largest_of(&lanes.most);
        if !RANGE.contains(&f32::from_bits(largest)) {
            return (largest, self.add_exactly(scalars));
        }
        add_lanes(&lanes.sums, &mut self.sums);
        add_lanes(&lanes.fourths, &mut self.fourths);
        (largest, sum_of_f32(&lanes.squares))
    }

    /// The same in f64; the sum of the squares.
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
fn largest_of(lanes: &[u32; LANES]) -> u32 {
    lanes.iter().fold(0, |most, bits| u32::max(most, *bits))
}

#[inline(always)]
fn add_lanes(from: &[f32; LANES], to: &mut [f64; LANES]) {
    to.iter_mut()
        .zip(from)
        .for_each(|(to, x)| *to += f64::from(*x));
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
