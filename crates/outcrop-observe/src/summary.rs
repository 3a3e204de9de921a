//! What several observables need of a tensor, in one pass over its rows.

use crate::View;
use crate::sums::{LANES, larger, largest_bits_of, sum_of};
use crate::wide::vectorised;

/// Sums and maxima of a tensor whose scalars are finite.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    /// The sum of the squares of each row.
    pub(crate) squares: Vec<f64>,
    /// The largest magnitude of each row.
    pub(crate) rows: Vec<f32>,
    /// The largest magnitude of each column.
    pub(crate) columns: Vec<f32>,
    /// The largest magnitude of all.
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
        summary.largest = summary.rows.iter().copied().fold(0.0, larger);
        summary
    }

    /// The mean of all scalars.
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

vectorised! {
    fn pass<'a>(tensor: View<'a>, summary: &'a mut Summary) -> () {
        let (mut sums, mut fourths) = ([0.0; LANES], [0.0; LANES]);
        for row in tensor.iter() {
            let mut squares = [0.0; LANES];
            for row in row.chunks(LANES) {
                let lanes = sums.iter_mut().zip(&mut squares).zip(&mut fourths);
                for (((sum, squares), fourths), x) in lanes.zip(row) {
                    let x = f64::from(*x);
                    *sum += x;
                    *squares += x * x;
                    *fourths += (x * x) * (x * x);
                }
            }
            for (most, x) in summary.columns.iter_mut().zip(row) {
                *most = larger(x.abs(), *most);
            }
            summary.squares.push(sum_of(&squares));
            summary.rows.push(f32::from_bits(largest_bits_of(row)));
        }
        summary.sum = sum_of(&sums);
        summary.fourths = sum_of(&fourths);
    }
}
