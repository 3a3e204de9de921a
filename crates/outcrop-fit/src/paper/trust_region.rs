//! The exact minimum of a quadratic model within a ball.

use nalgebra::{DMatrix, DVector};

use crate::jacobi::orthogonalise;

/// The singular value decomposition J = U S V' of a least-squares problem |J p + f|, from which the
/// shortest way down within any radius follows.
pub(super) struct Spectrum {
    /// Singular values s.
    values: DVector<f64>,
    /// V'.
    right: DMatrix<f64>,
    /// S U'f.
    weighted: DVector<f64>,
    /// Whether no singular value is nothing but rounding.
    full_rank: bool,
}

/// The length is right to within this share of the radius before it is scaled to it.
const LENGTH_TOLERANCE: f64 = 0.01;
/// Most steps towards that length.
const MAX_STEPS: usize = 10;

impl Spectrum {
    /// Decomposes `jacobian` with the square root of `curvature` as further rows. `None` where the
    /// decomposition does not converge.
    pub(super) fn new(
        jacobian: &DMatrix<f64>,
        curvature: &DVector<f64>,
        residuals: &DVector<f64>,
    ) -> Option<Self> {
        let (m, n) = jacobian.shape();
        let mut rows = jacobian.clone().resize(m + n, n, 0.0);
        for i in 0..n {
            rows[(m + i, i)] = curvature[i].sqrt();
        }
        // J = Q R first: the singular values are those of the small matrix R
        let qr = rows.qr();
        let mut rotated = residuals.clone().resize_vertically(m + n, 0.0);
        qr.q_tr_mul(&mut rotated);
        let bidiagonal = qr.unpack_r().bidiagonalize();
        let components = bidiagonal.u().tr_mul(&rotated.rows(0, n));
        let (columns, right) = orthogonalise(bidiagonal.d(), bidiagonal.v_t())?;
        let values = DVector::from_iterator(n, columns.column_iter().map(|c| c.norm()));
        let weighted = columns.tr_mul(&components);
        let rounding = f64::EPSILON * m as f64 * values.max();
        Some(Self {
            weighted,
            full_rank: m >= n && values.min() > rounding,
            values,
            right,
        })
    }

    /// The p of length at most `radius` that minimises |J p + f|, and the damping alpha for which
    /// (J'J + alpha I) p = -J'f, searched from `damping` on by Newton's method on the length
    /// (More, 1978).
    pub(super) fn step(&self, radius: f64, damping: f64) -> (DVector<f64>, f64) {
        let (mut lower, mut upper) = (0.0, self.weighted.norm() / radius);
        if self.full_rank {
            let newton = self.damped(0.0);
            if newton.norm() <= radius {
                return (newton, 0.0);
            }
            let (excess, slope) = self.excess(0.0, radius);
            lower = -excess / slope;
        }
        let within = |lower: f64, upper: f64| larger(0.001 * upper, (lower * upper).sqrt());
        let mut alpha = damping;
        if !self.full_rank && damping == 0.0 {
            alpha = within(lower, upper);
        }
        for _ in 0..MAX_STEPS {
            if alpha < lower || alpha > upper {
                alpha = within(lower, upper);
            }
            let (excess, slope) = self.excess(alpha, radius);
            if excess < 0.0 {
                upper = alpha;
            }
            let ratio = excess / slope;
            lower = larger(lower, alpha - ratio);
            alpha -= (excess + radius) * ratio / radius;
            if excess.abs() < LENGTH_TOLERANCE * radius {
                break;
            }
        }
        let step = self.damped(alpha);
        let stretch = radius / step.norm();
        (step * stretch, alpha)
    }

    /// The solution damped by `alpha`.
    fn damped(&self, alpha: f64) -> DVector<f64> {
        let damp = |w: f64, s: f64| w / (s * s + alpha);
        -self
            .right
            .tr_mul(&self.weighted.zip_map(&self.values, damp))
    }

    /// The length of the damped solution less the radius, and its derivative by `alpha`.
    fn excess(&self, alpha: f64, radius: f64) -> (f64, f64) {
        let pairs = || self.weighted.iter().zip(self.values.iter());
        let denominator = |s: f64| s * s + alpha;
        let squares = pairs().map(|(w, &s)| (w / denominator(s)).powi(2));
        let length = squares.sum::<f64>().sqrt();
        let slopes = pairs().map(|(w, &s)| w * w / denominator(s).powi(3));
        (length - radius, -slopes.sum::<f64>() / length)
    }
}

/// The larger of two, `a` where `b` is not a number.
fn larger(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}
