use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

/// Variance of the mean, which is not known exactly.
const CONSTANT: f64 = 0.1;
/// What is expected of length scales, in standard deviations of their feature: so smooth that a feature curves little
/// within the training range.
pub(super) const LENGTH: f64 = 6.0;
/// What is expected of each other variance, relative to that of the smooth function.
pub(super) const VARIANCE: f64 = 0.3;

/// The covariance of rows: relative to the variance of a smooth function of the features,
///
/// exp(-sum_j (x_j - x'_j)^2 / (2 l_j^2)) + constant + linear x.x' + model [same model] + architecture [same
/// architecture] + noise / weight [same row].
///
/// Models that share an architecture are seeds of it, so that `model` is the scatter of seeds, `architecture` what no
/// feature says of one, and both are pooled over all of them (a mixed model).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Covariance {
    /// l_j of each column.
    pub(super) lengths: Vec<f64>,
    pub(super) linear: f64,
    pub(super) model: f64,
    pub(super) architecture: f64,
    pub(super) noise: f64,
}

/// Training rows.
pub(super) struct Rows {
    pub(super) x: Array2<f64>,
    pub(super) y: Array1<f64>,
    pub(super) models: Vec<usize>,
    pub(super) architectures: Vec<usize>,
    /// Variance of the noise of each row, relative to that of others.
    pub(super) noise: Vec<f64>,
}

/// Covariances of training rows, and the parts of which derivatives are made.
pub(super) struct Parts {
    pub(super) total: Array2<f64>,
    pub(super) smooth: Array2<f64>,
}

impl Covariance {
    /// What is expected before rows are seen.
    pub(super) fn prior(columns: usize) -> Self {
        Self {
            lengths: vec![LENGTH; columns],
            linear: VARIANCE,
            model: VARIANCE,
            architecture: VARIANCE,
            noise: VARIANCE,
        }
    }

    /// The logarithms of its lengths, then of its variances.
    pub(super) fn to_logarithms(&self) -> Vec<f64> {
        let variances = [self.linear, self.model, self.architecture, self.noise];
        let all = self.lengths.iter().copied().chain(variances);
        all.map(f64::ln).collect()
    }

    /// That of such logarithms, at least four.
    pub(super) fn from_logarithms(logarithms: &[f64]) -> Self {
        let (lengths, variances) = logarithms.split_at(logarithms.len() - 4);
        let variance = |i: usize| variances[i].exp();
        Self {
            lengths: lengths.iter().map(|l| l.exp()).collect(),
            linear: variance(0),
            model: variance(1),
            architecture: variance(2),
            noise: variance(3),
        }
    }

    /// Of two rows of different architectures.
    pub(super) fn between(&self, a: &[f64], b: &[f64]) -> f64 {
        let dot: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
        self.smooth(a, b) + CONSTANT + self.linear * dot
    }

    fn smooth(&self, a: &[f64], b: &[f64]) -> f64 {
        let pairs = a.iter().zip(b).zip(&self.lengths);
        let square: f64 = pairs.map(|((a, b), l)| ((a - b) / l).powi(2)).sum();
        (-0.5 * square).exp()
    }

    /// Of all training rows with each other.
    pub(super) fn of_rows(&self, rows: &Rows) -> Parts {
        let x: Vec<Vec<f64>> = rows.x.rows().into_iter().map(|row| row.to_vec()).collect();
        let mut parts = Parts {
            total: Array2::zeros((x.len(), x.len())),
            smooth: Array2::zeros((x.len(), x.len())),
        };
        for i in 0..x.len() {
            for j in 0..=i {
                let smooth = self.smooth(&x[i], &x[j]);
                let mut total = self.between(&x[i], &x[j]);
                total += rows.same(i, j, self);
                for place in [[i, j], [j, i]] {
                    parts.smooth[place] = smooth;
                    parts.total[place] = total;
                }
            }
        }
        parts
    }
}

impl Rows {
    /// Covariance of two rows beyond what their features say.
    fn same(&self, i: usize, j: usize, covariance: &Covariance) -> f64 {
        let part = |is: bool, variance: f64| if is { variance } else { 0.0 };
        part(self.models[i] == self.models[j], covariance.model)
            + part(
                self.architectures[i] == self.architectures[j],
                covariance.architecture,
            )
            + part(i == j, covariance.noise * self.noise[i])
    }
}
