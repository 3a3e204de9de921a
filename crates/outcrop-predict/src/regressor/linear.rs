use linfa::Dataset;
use linfa::traits::{Fit, PredictInplace};
use linfa_elasticnet::ElasticNet as LinfaElasticNet;
use linfa_linalg::cholesky::SolveC;
use ndarray::{Array1, Array2, Axis};
use serde::{Deserialize, Serialize};

use super::choice::{linear_errors, members, smallest};
use super::moments::{Moments, weight};
use super::sparse::{Penalty, minimise};
use super::training::{Data, FitError};

/// Ridge penalties to choose from, the strongest first: two a decade.
const RIDGE: [f64; 11] = [1e4, 3e3, 1e3, 3e2, 1e2, 30.0, 10.0, 3.0, 1.0, 0.3, 0.1];
/// Penalties of lasso and elastic net to choose from, the strongest first.
const SPARSE: [f64; 9] = [0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.01, 3e-3, 1e-3];

/// Without a choice: [`Ridge`] and [`ElasticNet`].
const RIDGE_DEFAULT: f64 = 1.0;
const SPARSE_DEFAULT: f64 = 0.05;

/// Relative duality gap at which the library's coordinate descent stops; the rest is done exactly.
const TOLERANCE: f64 = 1e-6;
const MAX_SWEEPS: u32 = 500;

/// Slopes of scaled features.
#[derive(Serialize, Deserialize)]
pub(crate) struct Linear {
    weights: Vec<f64>,
}

impl Linear {
    /// The same for features that were multiplied by `factors` in training and are not later.
    pub(super) fn scaled(mut self, factors: &[f64]) -> Self {
        for (weight, factor) in self.weights.iter_mut().zip(factors) {
            *weight *= factor;
        }
        self
    }
}

impl PredictInplace<Array2<f64>, Array1<f64>> for Linear {
    fn predict_inplace<'a>(&'a self, x: &'a Array2<f64>, y: &mut Array1<f64>) {
        for (row, y) in x.rows().into_iter().zip(y) {
            *y = self.weights.iter().zip(row).map(|(w, x)| w * x).sum();
        }
    }

    fn default_target(&self, x: &Array2<f64>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}

/// Minimises sum u (y - x w)^2 + alpha sum w^2 with the row weights u, through the normal
/// equations.
pub(super) struct Ridge {
    pub(super) alpha: f64,
}

impl Ridge {
    /// The penalty that predicts whole architectures best, each of `groups` left out in turn.
    pub(super) fn chosen(data: &Data, groups: &[usize]) -> Self {
        let alpha = members(groups).map_or(RIDGE_DEFAULT, |members| {
            let path = |others: &Moments| {
                RIDGE
                    .map(|alpha| ridge(others, alpha).unwrap_or_default())
                    .to_vec()
            };
            RIDGE[smallest(&linear_errors(data, &members, RIDGE.len(), path))]
        });
        Self { alpha }
    }
}

impl Fit<Array2<f64>, Array1<f64>, FitError> for Ridge {
    type Object = Linear;

    fn fit(&self, data: &Data) -> Result<Linear, FitError> {
        let weights = ridge(&Moments::of(data, |_| true), self.alpha)?;
        Ok(Linear {
            weights: weights.to_vec(),
        })
    }
}

/// Coordinate descent (elastic net of ratio 0) would reach the same weights, but its duality gap
/// never closes at that ratio, so that it runs to its last sweep every time.
fn ridge(moments: &Moments, alpha: f64) -> Result<Array1<f64>, linfa_linalg::LinalgError> {
    let (mut normal, right) = moments.centred();
    normal.diag_mut().mapv_inplace(|v| v + alpha);
    let slopes = normal.solvec(&right.insert_axis(Axis(1)))?;
    Ok(slopes.remove_axis(Axis(1)))
}

/// Minimises sum u (y - x w)^2 / 2n + alpha (ratio sum abs(w) + (1 - ratio)/2 sum w^2) with the row
/// weights u, whose sum is n; ratio above 0.
pub(super) struct ElasticNet {
    pub(super) alpha: f64,
    pub(super) ratio: f64,
}

impl ElasticNet {
    /// The penalty that predicts whole architectures best, each of `groups` left out in turn.
    pub(super) fn chosen(data: &Data, groups: &[usize], ratio: f64) -> Self {
        let alpha = members(groups).map_or(SPARSE_DEFAULT, |members| {
            let path = |others: &Moments| sparse_path(others, ratio);
            SPARSE[smallest(&linear_errors(data, &members, SPARSE.len(), path))]
        });
        Self { alpha, ratio }
    }

    fn penalty(&self) -> Penalty {
        Penalty {
            absolute: self.alpha * self.ratio,
            square: self.alpha * (1.0 - self.ratio),
        }
    }
}

/// The slopes of every penalty, each starting from the one before.
fn sparse_path(moments: &Moments, ratio: f64) -> Vec<Array1<f64>> {
    let (xx, xy) = per_row(moments);
    let mut slopes = Array1::zeros(xy.len());
    let step = |alpha| {
        slopes = minimise(
            &xx,
            &xy,
            &ElasticNet { alpha, ratio }.penalty(),
            slopes.clone(),
        );
        slopes.clone()
    };
    SPARSE.into_iter().map(step).collect()
}

fn per_row(moments: &Moments) -> (Array2<f64>, Array1<f64>) {
    let (xx, xy) = moments.centred();
    (xx / moments.weight, xy / moments.weight)
}

impl Fit<Array2<f64>, Array1<f64>, FitError> for ElasticNet {
    type Object = Linear;

    /// linfa's coordinate descent comes close, the search over signs ends exactly there.
    fn fit(&self, data: &Data) -> Result<Linear, FitError> {
        let roots = (0..data.targets.len()).map(|i| weight(data, i).sqrt());
        let roots: Array1<f64> = roots.collect();
        let x = &data.records * &roots.view().insert_axis(Axis(1));
        let close = LinfaElasticNet::params()
            .penalty(self.alpha)
            .l1_ratio(self.ratio)
            .with_intercept(false)
            .tolerance(TOLERANCE)
            .max_iterations(MAX_SWEEPS)
            .fit(&Dataset::new(x, &data.targets * &roots))?;
        let (xx, xy) = per_row(&Moments::of(data, |_| true));
        let slopes = minimise(&xx, &xy, &self.penalty(), close.hyperplane().clone());
        Ok(Linear {
            weights: slopes.to_vec(),
        })
    }
}
