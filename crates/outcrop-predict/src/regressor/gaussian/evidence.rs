use linfa_linalg::cholesky::Cholesky;
use ndarray::Array2;

use super::covariance::{Covariance, LENGTH, Rows, VARIANCE};
use crate::regressor::kernel::inverse_factor;
use crate::regressor::training::FitError;

/// Standard deviation of the logarithm of a length scale around what is expected.
const LENGTH_DEVIATION: f64 = 0.3;
/// The same of a variance.
const VARIANCE_DEVIATION: f64 = 2.0;

/// How well covariances explain training rows, whatever the scale of the targets.
pub(super) struct Evidence {
    rows: Rows,
    /// (x_ij - x_kj)^2 of each column.
    squares: Vec<Array2<f64>>,
    /// x_i . x_k.
    products: Array2<f64>,
}

impl Evidence {
    pub(super) fn of(rows: Rows) -> Self {
        let n = rows.x.nrows();
        let squares =
            rows.x.columns().into_iter().map(|column| {
                Array2::from_shape_fn((n, n), |(i, j)| (column[i] - column[j]).powi(2))
            });
        Self {
            squares: squares.collect(),
            products: rows.x.dot(&rows.x.t()),
            rows,
        }
    }

    /// The negative logarithm of the posterior density of `covariance`, up to a constant, and its gradient in
    /// [`Covariance::to_logarithms`].
    ///
    /// With K the covariance of n rows, s^2 = y'K^-1 y / n the scale that explains them best and a normal prior on the
    /// logarithms: n/2 ln s^2 + 1/2 ln det K + prior (Rasmussen and Williams, "Gaussian processes for machine learning"
    /// (2006), Eq. 5.8 and 5.9 with the scale maximised out).
    pub(super) fn at(&self, covariance: &Covariance) -> Result<(f64, Vec<f64>), FitError> {
        let (n, parts) = (self.rows.y.len() as f64, covariance.of_rows(&self.rows));
        let factor = parts.total.cholesky()?;
        let half = inverse_factor(&factor);
        let inverse = half.t().dot(&half);
        let solved = inverse.dot(&self.rows.y);
        let scale = self.rows.y.dot(&solved) / n;
        let determinant: f64 = factor.diag().iter().map(|d| d.ln()).sum();
        // the derivative by K
        let mut by = inverse;
        for ((i, j), value) in by.indexed_iter_mut() {
            *value = 0.5 * (*value - solved[i] * solved[j] / scale);
        }
        let mut gradient = self.by_lengths(covariance, &(&by * &parts.smooth));
        gradient.push(covariance.linear * (&by * &self.products).sum());
        gradient.push(covariance.model * within(&by, &self.rows.models));
        gradient.push(covariance.architecture * within(&by, &self.rows.architectures));
        let noise = by
            .diag()
            .into_iter()
            .zip(&self.rows.noise)
            .map(|(b, noise)| b * noise);
        gradient.push(covariance.noise * noise.sum::<f64>());
        let value = 0.5 * n * scale.ln() + determinant + prior(covariance, &mut gradient);
        Ok((value, gradient))
    }

    fn by_lengths(&self, covariance: &Covariance, by: &Array2<f64>) -> Vec<f64> {
        let columns = covariance.lengths.iter().zip(&self.squares);
        columns
            .map(|(length, squares)| (by * squares).sum() / length.powi(2))
            .collect()
    }
}

/// Sum over pairs of rows of one group.
fn within(by: &Array2<f64>, groups: &[usize]) -> f64 {
    let same = by
        .indexed_iter()
        .filter(|((i, j), _)| groups[*i] == groups[*j]);
    same.map(|(_, value)| value).sum()
}

/// The negative logarithm of the prior density; adds its gradient.
fn prior(covariance: &Covariance, gradient: &mut [f64]) -> f64 {
    let columns = covariance.lengths.len();
    let mut sum = 0.0;
    for (place, (value, slope)) in covariance.to_logarithms().iter().zip(gradient).enumerate() {
        let (expected, deviation) = match place < columns {
            true => (LENGTH, LENGTH_DEVIATION),
            false => (VARIANCE, VARIANCE_DEVIATION),
        };
        let off = (value - expected.ln()) / deviation;
        sum += 0.5 * off * off;
        *slope += off / deviation;
    }
    sum
}
