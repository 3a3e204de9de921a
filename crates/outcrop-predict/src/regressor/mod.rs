//! The regressors, behind linfa's `Fit` and `Predict`: rows of scaled features in, one number a row
//! out.

mod boosting;
mod choice;
mod forest;
mod gaussian;
mod kernel;
mod linear;
mod model;
mod moments;
mod nearest;
pub(crate) mod shape;
mod sparse;
mod training;

use std::fmt;

use outcrop_core::nearest;
use serde::{Deserialize, Serialize};

use crate::{Error, Feature, Result};
use boosting::Boosting;
use forest::RandomForest;
use gaussian::GaussianProcess;
use kernel::KernelRidge;
use linear::{ElasticNet, Ridge};
pub(crate) use model::FittedRegressor;
use nearest::NearestModel;
pub(crate) use training::Training;
use training::fitted;

/// A method that predicts a target from features, or a baseline that any such method must beat.
///
/// Features are standardised on training rows (constant ones dropped), and so is the transformed
/// target, so that one penalty means the same for every target. Rows weigh by the uncertainty of
/// their fits, see [`Table`](crate::Table). Penalties are *chosen* inside the training rows: of
/// a short list the one that predicts whole architectures best, each left out in turn and all
/// weighing the same; below three architectures the default in brackets stands. The settings of
/// trees are fixed.
///
/// | name | method | settings | library |
/// |---|---|---|---|
/// | `mean` | mean of the training rows | | |
/// | `depth profile` | ridge on the depth spline alone, whatever the features chosen | alpha chosen (1) | linfa-linalg |
/// | `nearest model` | the training architecture nearest in standardised features, at the same relative depth | straight between layers; equals averaged | |
/// | `shape` | ridge on the depth spline, hardly penalised, and ln d, ln d_head, ln L, ln(d_ff/d), whatever the features chosen; every architecture weighs the same | alpha 4 for a sum of weights that is the number of architectures | linfa-linalg |
/// | `ridge` | minimises the sum of squares + alpha sum w^2, solved exactly | alpha chosen from 0.1 to 10^4 (1) | linfa-linalg |
/// | `lasso` | minimises the *mean* of squares / 2 + alpha sum abs(w) | alpha chosen from 0.001 to 0.5 (0.05) | linfa-elasticnet, ended exactly |
/// | `elastic net` | the same + alpha (r sum abs(w) + (1 - r)/2 sum w^2) | alpha as lasso, r 0.5 | linfa-elasticnet, ended exactly |
/// | `kernel ridge` | ridge on exp(-distance^2 / 2 l^2), the mean of a Gaussian process | l^2 chosen from 0.5, 2, 8 times the number of features (2), alpha from 0.03, 0.3, 3 (0.3), by at most about 200 rows | linfa-linalg |
/// | `gaussian process` | smooth and linear functions of relative depth, ln d, ln d_head, ln L and ln(d_ff/d), whatever the features chosen, and effects of models and of architectures | length scale of each feature, variances and noise chosen by the evidence of at most about 100 rows; a length is expected to be 6 standard deviations, give or take a third, a variance 0.3 of that of the smooth function, give or take a factor of 7 | linfa-linalg |
/// | `random forest` | mean of trees on bootstrap samples, which draw rows by weight | 200 trees, a third of the features a split, 2 rows a leaf | smartcore |
/// | `gradient boosting` | Friedman's trees on residuals | 200 trees, depth 3, rate 0.05, 2 rows a leaf | forust-ml |
/// | `xgboost` | the same with shrunk leaves | 200 trees, depth 3, rate 0.1, 1 row a leaf, l2 1 | forust-ml |
///
/// Each alpha has scikit-learn's meaning, which is per data set for its `Ridge` and `KernelRidge`
/// and per sample for its `Lasso` and `ElasticNet`; linfa's penalty is always per sample. Both
/// boostings are of one library, whose squared-loss trees are Friedman's where l2 is 0: smartcore's
/// own takes no row weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Regressor {
    /// The mean of the training rows: Q2 is 0 by definition.
    Mean,
    /// Relative depth alone: a baseline that ignores the architecture.
    DepthProfile,
    /// The most similar architecture: a baseline that learns nothing.
    NearestModel,
    /// Depth, and the four numbers that make the shape of a transformer: linear, nothing chosen. The
    /// one that verdicts are about.
    Shape,
    /// Linear, squared weights penalised (Hoerl and Kennard 1970).
    Ridge,
    /// Linear, absolute weights penalised (Tibshirani 1996).
    Lasso,
    /// Linear, both penalised (Zou and Hastie 2005).
    ElasticNet,
    /// Smooth, by similarity to training rows (Saunders et al. 1998).
    KernelRidge,
    /// Smooth in each feature on its own scale, with the scatter of seeds as an effect (Rasmussen and Williams 2006).
    GaussianProcess,
    /// Averaged trees (Breiman 2001).
    RandomForest,
    /// Added trees (Friedman 2001).
    GradientBoosting,
    /// Added trees with penalised leaves (Chen and Guestrin 2016).
    XgBoost,
}

impl Regressor {
    /// All of them, baselines first.
    pub const ALL: [Self; 12] = [
        Self::Mean,
        Self::DepthProfile,
        Self::NearestModel,
        Self::Shape,
        Self::Ridge,
        Self::Lasso,
        Self::ElasticNet,
        Self::KernelRidge,
        Self::GaussianProcess,
        Self::RandomForest,
        Self::GradientBoosting,
        Self::XgBoost,
    ];

    /// The baselines, which learn nothing of architectures: a regressor that is no better has found nothing.
    pub const BASELINES: [Self; 3] = [Self::Mean, Self::DepthProfile, Self::NearestModel];

    /// Its name in the `regressor` column of tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::DepthProfile => "depth profile",
            Self::NearestModel => "nearest model",
            Self::Shape => "shape",
            Self::Ridge => "ridge",
            Self::Lasso => "lasso",
            Self::ElasticNet => "elastic net",
            Self::KernelRidge => "kernel ridge",
            Self::GaussianProcess => "gaussian process",
            Self::RandomForest => "random forest",
            Self::GradientBoosting => "gradient boosting",
            Self::XgBoost => "xgboost",
        }
    }

    /// The regressor of this name; `-` and `_` may replace the space.
    ///
    /// ```
    /// use outcrop_predict::Regressor;
    ///
    /// assert_eq!(Regressor::from_name("random-forest")?, Regressor::RandomForest);
    /// let error = Regressor::from_name("rigde").unwrap_err().to_string();
    /// assert!(error.contains("did you mean `ridge`"), "{error}");
    /// # Ok::<(), outcrop_predict::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownRegressor`] with the nearest name.
    pub fn from_name(name: &str) -> Result<Self> {
        let wanted = name.to_lowercase().replace(['-', '_'], " ");
        let found = Self::ALL.into_iter().find(|r| r.name() == wanted);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            Error::UnknownRegressor {
                name: name.into(),
                nearest: nearest(&wanted, names).map(str::to_owned),
                known: names.join(", "),
            }
        })
    }

    /// The features that it looks at, of those `chosen`.
    pub(crate) fn features(self, chosen: &[Feature]) -> Vec<Feature> {
        let of_models = || chosen.iter().copied().filter(|f| !f.varies_within_model());
        match self {
            Self::Mean => Vec::new(),
            Self::DepthProfile => Feature::DEPTH.to_vec(),
            Self::Shape => [&Feature::DEPTH[..], &Feature::SHAPE, &Feature::RECIPE].concat(),
            Self::NearestModel => [Feature::RelativeDepth]
                .into_iter()
                .chain(of_models())
                .collect(),
            Self::GaussianProcess => [
                &[Feature::RelativeDepth][..],
                &Feature::SHAPE,
                &Feature::RECIPE,
            ]
            .concat(),
            _ => chosen.to_vec(),
        }
    }

    /// Whether every architecture weighs the same in training.
    pub(crate) fn balances(self) -> bool {
        self == Self::Shape
    }

    /// Learns from at least one row and column, none of the columns constant.
    pub(crate) fn fit(self, mut training: Training, seed: u64) -> Result<FittedRegressor, String> {
        let groups = std::mem::take(&mut training.groups);
        let models = std::mem::take(&mut training.models);
        let features = training.features.clone();
        let data = training.into_data()?;
        let boosted =
            |settings| fitted(&settings, &data).map(|m| FittedRegressor::Boosted(Box::new(m)));
        let sparse = |ratio| fitted(&ElasticNet::chosen(&data, &groups, ratio), &data);
        match self {
            Self::Mean => Ok(FittedRegressor::Zero),
            Self::DepthProfile | Self::Ridge => {
                fitted(&Ridge::chosen(&data, &groups), &data).map(FittedRegressor::Linear)
            }
            Self::NearestModel => fitted(
                &NearestModel {
                    features: &features,
                },
                &data,
            )
            .map(FittedRegressor::Nearest),
            Self::Shape => shape::fit(data, &features, &groups).map(FittedRegressor::Linear),
            Self::Lasso => sparse(1.0).map(FittedRegressor::Linear),
            Self::ElasticNet => sparse(0.5).map(FittedRegressor::Linear),
            Self::KernelRidge => {
                fitted(&KernelRidge::chosen(&data, &groups), &data).map(FittedRegressor::Kernel)
            }
            Self::GaussianProcess => {
                let process = GaussianProcess {
                    models: &models,
                    architectures: &groups,
                };
                fitted(&process, &data).map(FittedRegressor::Process)
            }
            Self::RandomForest => {
                fitted(&RandomForest { seed }, &data).map(|m| FittedRegressor::Forest(Box::new(m)))
            }
            Self::GradientBoosting => boosted(Boosting::friedman(seed)),
            Self::XgBoost => boosted(Boosting::xgboost(seed)),
        }
    }
}

impl fmt::Display for Regressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests;
