use nalgebra::DMatrix;

use super::curve::EmergenceCurve;
use crate::jacobi::orthogonalise;
use crate::separable::norm;
use crate::weights::Scaled;

/// The covariance of (A1, A2, K, beta, tau0) at the optimum, s^2 (J'J)^-1 with
/// s^2 = WSSE / (n - 5): a local, symmetric picture, which the posterior's intervals do not need.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Covariance {
    /// Rows and columns in the order A1, A2, K, beta, tau0.
    pub matrix: [[f64; 5]; 5],
    /// Condition number of J with its columns scaled to length 1, at least 1: the largest of its
    /// singular values over the smallest. Above 1e4 or so the parameters are hardly told apart.
    pub condition: f64,
}

impl Covariance {
    /// Empty where the Jacobian is not finite (at beta = 0, tau0 = infinity), singular, or there
    /// are no more points than parameters.
    pub(super) fn new(curve: &EmergenceCurve, scaled: &Scaled<'_>, sse: f64) -> Option<Self> {
        let mut columns: [Vec<f64>; 5] = [const { Vec::new() }; 5];
        for (&t, s) in scaled.series().steps().iter().zip(&scaled.scales) {
            for (column, g) in columns.iter_mut().zip(curve.gradient(t)) {
                column.push(g * s / scaled.unit);
            }
        }
        let sizes: Vec<f64> = columns.iter().map(|c| norm(c)).collect();
        if !sizes.iter().all(|s| s.is_finite() && *s > 0.0) || scaled.count() <= 5 {
            return None;
        }
        for (column, size) in columns.iter_mut().zip(&sizes) {
            column.iter_mut().for_each(|x| *x /= size);
        }
        let variance = sse / (scaled.count() - 5) as f64;
        let matrix = DMatrix::from_fn(columns[0].len(), 5, |i, j| columns[j][i]);
        let (matrix, right) = orthogonalise(matrix, DMatrix::identity(5, 5))?;
        let singular: Vec<f64> = matrix.column_iter().map(|c| c.norm()).collect();
        let smallest = singular.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = singular.iter().copied().fold(0.0, f64::max);
        if smallest <= largest * f64::EPSILON {
            return None;
        }
        let entry = |i: usize, j: usize| {
            let terms = (0..5).map(|k| right[(k, i)] * right[(k, j)] / singular[k].powi(2));
            variance * terms.sum::<f64>() / (sizes[i] * sizes[j])
        };
        Some(Self {
            matrix: std::array::from_fn(|i| std::array::from_fn(|j| entry(i, j))),
            condition: largest / smallest,
        })
    }
}
