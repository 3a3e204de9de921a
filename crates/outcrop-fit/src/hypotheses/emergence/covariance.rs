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

#[cfg(test)]
mod tests {
    use crate::{FitOptions, Series, fit_emergence};

    /// s^2 (J'J)^-1 once more, by Cholesky's method, J from differences of the closed form.
    #[test]
    fn an_identified_curve_has_the_covariance_of_the_normal_equations() {
        let truth = [150.0, -560.0, 60.0, 6e-5, 75.0];
        let f = |p: &[f64; 5], t: f64| (-p[3] * t).exp() * (p[0] * (t + p[4]).ln() + p[1]) + p[2];
        let mut steps: Vec<f64> = (0..40).map(|i| (1.36f64.powi(i) - 1.0).round()).collect();
        steps.dedup();
        let wiggle = |i: usize| 1.0 + 0.03 * (5.0 * i as f64).sin();
        let values = steps.iter().enumerate();
        let values: Vec<f64> = values.map(|(i, &t)| f(&truth, t) * wiggle(i)).collect();
        let series = Series::new(&steps, &values).unwrap();
        let options = FitOptions::paper_like();
        let fit = fit_emergence(&series, &options).unwrap();
        let found = fit.covariance().unwrap();
        assert!((1.0..1e4).contains(&found.condition), "{}", found.condition);
        let p = fit.parameters();
        let p = [p.a1, p.a2, p.k, p.beta, p.tau0].map(Option::unwrap);
        let jacobian = nalgebra::DMatrix::from_fn(steps.len(), 5, |i, k| {
            let (mut up, mut down, h) = (p, p, 1e-5 * p[k].abs());
            (up[k], down[k]) = (p[k] + h, p[k] - h);
            (f(&up, steps[i]) - f(&down, steps[i])) / (2.0 * h)
        });
        let variance = fit.goodness().sse / (steps.len() - 5) as f64;
        let expected = (jacobian.transpose() * &jacobian)
            .cholesky()
            .unwrap()
            .inverse()
            * variance;
        for (i, row) in found.matrix.iter().enumerate() {
            for (j, entry) in row.iter().enumerate() {
                let size = (expected[(i, i)] * expected[(j, j)]).sqrt();
                assert!((entry - expected[(i, j)]).abs() < 1e-3 * size, "{i} {j}");
            }
        }
    }
}
