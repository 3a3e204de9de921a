use super::curve::EmergenceCurve;
use crate::separable::{dot, norm};
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
        let (singular, right) = singular_values(columns);
        let smallest = singular.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = singular.iter().copied().fold(0.0, f64::max);
        if smallest <= largest * f64::EPSILON {
            return None;
        }
        let mut matrix = [[0.0; 5]; 5];
        for i in 0..5 {
            for j in 0..5 {
                let terms = (0..5).map(|k| right[i][k] * right[j][k] / (singular[k] * singular[k]));
                matrix[i][j] = variance * terms.sum::<f64>() / (sizes[i] * sizes[j]);
            }
        }
        Some(Self {
            matrix,
            condition: largest / smallest,
        })
    }
}

/// Singular values and right singular vectors (in columns) by one-sided Jacobi rotations, which
/// keep small singular values accurate (Demmel and Veselic, 1992, SIAM Journal on Matrix Analysis
/// and Applications 13:1204).
fn singular_values(mut a: [Vec<f64>; 5]) -> ([f64; 5], [[f64; 5]; 5]) {
    let mut right = [[0.0; 5]; 5];
    (0..5).for_each(|k| right[k][k] = 1.0);
    for _ in 0..60 {
        let mut rotated = false;
        for i in 0..5 {
            for j in i + 1..5 {
                let (p, q, r) = (dot(&a[i], &a[i]), dot(&a[j], &a[j]), dot(&a[i], &a[j]));
                if r.abs() <= 1e-15 * (p * q).sqrt() {
                    continue;
                }
                rotated = true;
                let zeta = (q - p) / (2.0 * r);
                let tangent = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                let sine = cosine * tangent;
                let (left, rest) = a.split_at_mut(j);
                for (x, y) in left[i].iter_mut().zip(rest[0].iter_mut()) {
                    (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
                }
                for row in &mut right {
                    (row[i], row[j]) = (
                        cosine * row[i] - sine * row[j],
                        sine * row[i] + cosine * row[j],
                    );
                }
            }
        }
        if !rotated {
            break;
        }
    }
    (std::array::from_fn(|k| norm(&a[k])), right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn singular_values_of_a_known_matrix() {
        // the 5 x 5 Hilbert matrix: condition number 4.766e5
        let hilbert = |i: usize, j: usize| 1.0 / (i + j + 1) as f64;
        let columns = std::array::from_fn(|j| (0..5).map(|i| hilbert(i, j)).collect());
        let (values, right) = singular_values(columns);
        let largest = values.iter().copied().fold(0.0, f64::max);
        let smallest = values.iter().copied().fold(1.0, f64::min);
        assert!(
            (largest / 1.567_050_691_098_231 - 1.0).abs() < 1e-12,
            "{largest}"
        );
        assert!((largest / smallest / 476_607.250_242_259 - 1.0).abs() < 1e-9);
        let length: f64 = (0..5).map(|k| right[k][0] * right[k][0]).sum();
        assert!((length - 1.0).abs() < 1e-14);
    }
}
