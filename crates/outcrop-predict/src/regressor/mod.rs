//! The regressors, behind one trait: rows of scaled features in, one number a row out.

mod boosting;
mod forest;
mod linear;

use std::fmt;

use outcrop_core::nearest;

use crate::{Error, Feature, Result};

/// A method that predicts a target from features, or a baseline that any such method must beat.
///
/// Features are standardised on training rows (constant ones dropped), and so is the transformed
/// target, so that one penalty means the same for every target. The settings are fixed: a table
/// of a dozen models cannot pay for choosing them.
///
/// | name | method | settings | library |
/// |---|---|---|---|
/// | `mean` | mean of the training rows | | |
/// | `depth profile` | ridge on the powers of l/L alone, whatever the features chosen | alpha 1 | linfa-linalg |
/// | `shape` | ridge on the depth spline and ln d, ln d_head, ln L, ln(d_ff/d), whatever the features chosen | alpha 1 | linfa-linalg |
/// | `ridge` | minimises the sum of squares + alpha sum w^2, solved exactly | alpha 1 | linfa-linalg |
/// | `lasso` | minimises the *mean* of squares / 2 + alpha sum abs(w) | alpha 0.05 | linfa-elasticnet |
/// | `elastic net` | the same + alpha (r sum abs(w) + (1 - r)/2 sum w^2) | alpha 0.05, r 0.5 | linfa-elasticnet |
/// | `random forest` | mean of trees on bootstrap samples | 200 trees, a third of the features a split, 2 rows a leaf | smartcore |
/// | `gradient boosting` | XGBoost-style trees on gradients | 200 trees, depth 3, rate 0.05, 2 rows a leaf, l2 1 | forust-ml |
///
/// In `depth profile` and `shape` every model weighs the same, however many layers it has, and alpha
/// is held against the sum of these weights, the number of models: so few numbers, so strongly held
/// back, are what a dozen architectures can pay for.
///
/// Each alpha has scikit-learn's meaning, which is per data set for its `Ridge` and per sample for
/// its `Lasso` and `ElasticNet`; linfa's penalty is always per sample (ridge: alpha / n).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Regressor {
    /// The mean of the training rows: Q2 is 0 by definition.
    Mean,
    /// Relative depth alone: what is known without looking at the architecture.
    DepthProfile,
    /// Relative depth and the four numbers that make the shape of a transformer.
    Shape,
    /// Linear, squared weights penalised (Hoerl and Kennard 1970).
    Ridge,
    /// Linear, absolute weights penalised (Tibshirani 1996).
    Lasso,
    /// Linear, both penalised (Zou and Hastie 2005).
    ElasticNet,
    /// Averaged trees (Breiman 2001).
    RandomForest,
    /// Added trees (Friedman 2001; Chen and Guestrin 2016).
    GradientBoosting,
}

impl Regressor {
    /// All of them, baselines first.
    pub const ALL: [Self; 8] = [
        Self::Mean,
        Self::DepthProfile,
        Self::Shape,
        Self::Ridge,
        Self::Lasso,
        Self::ElasticNet,
        Self::RandomForest,
        Self::GradientBoosting,
    ];

    /// Its name in the `regressor` column of tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::DepthProfile => "depth profile",
            Self::Shape => "shape",
            Self::Ridge => "ridge",
            Self::Lasso => "lasso",
            Self::ElasticNet => "elastic net",
            Self::RandomForest => "random forest",
            Self::GradientBoosting => "gradient boosting",
        }
    }

    /// The regressor of this name; `-` and `_` may stand for the space.
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
        match self {
            Self::Mean => Vec::new(),
            Self::DepthProfile => Feature::DEPTH.to_vec(),
            Self::Shape => [&Feature::DEPTH[..], &Feature::SHAPE].concat(),
            _ => chosen.to_vec(),
        }
    }

    /// Whether every model weighs the same in training.
    pub(crate) fn balances(self) -> bool {
        matches!(self, Self::DepthProfile | Self::Shape)
    }

    /// Learns `y` (mean 0, standard deviation 1) from `x`: at least one column, centred, none
    /// constant.
    pub(crate) fn fit(self, x: &Matrix, y: &[f64], seed: u64) -> Result<Box<dyn Model>, String> {
        match self {
            Self::Mean => Ok(Box::new(Zero)),
            Self::DepthProfile | Self::Shape | Self::Ridge => linear::ridge(x, y, 1.0),
            Self::Lasso => linear::elastic_net(x, y, 0.05, 1.0),
            Self::ElasticNet => linear::elastic_net(x, y, 0.05, 0.5),
            Self::RandomForest => forest::fit(x, y, seed),
            Self::GradientBoosting => boosting::fit(x, y, seed),
        }
    }
}

impl fmt::Display for Regressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A regressor after training.
pub(crate) trait Model: Send + Sync {
    /// The prediction for one row of scaled features.
    fn predict(&self, row: &[f64]) -> Result<f64, String>;
}

/// Predicts 0, the mean of a standardised target.
pub(crate) struct Zero;

impl Model for Zero {
    fn predict(&self, _: &[f64]) -> Result<f64, String> {
        Ok(0.0)
    }
}

/// Features of training rows, row by row.
pub(crate) struct Matrix {
    pub(crate) values: Vec<f64>,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl Matrix {
    pub(crate) fn new(values: Vec<f64>, columns: usize) -> Self {
        let rows = values.len() / columns.max(1);
        Self {
            values,
            rows,
            columns,
        }
    }

    /// The same values column by column.
    fn by_column(&self) -> Vec<f64> {
        let column = |j| self.values.iter().skip(j).step_by(self.columns).copied();
        (0..self.columns).flat_map(column).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;

    /// Every method that looks at features recovers a step of one of them.
    #[test]
    fn a_clear_signal_is_learned() {
        let values: Vec<f64> = (0..40).flat_map(|i| [step(i), wave(i)]).collect();
        let x = Matrix::new(values, 2);
        let y: Vec<f64> = (0..40).map(step).collect();
        for regressor in Regressor::ALL.into_iter().skip(1) {
            let model = regressor.fit(&x, &y, 0).unwrap();
            let up = model.predict(&[1.0, 0.0]).unwrap();
            let down = model.predict(&[-1.0, 0.0]).unwrap();
            assert!(up > 0.7 && down < -0.7, "{regressor}: {up} {down}");
        }
    }

    fn step(i: usize) -> f64 {
        if i < 20 { -1.0 } else { 1.0 }
    }

    fn wave(i: usize) -> f64 {
        (i as f64 * 1.7).sin()
    }

    #[test]
    fn names_are_read_back() {
        for regressor in Regressor::ALL {
            assert_eq!(Regressor::from_name(regressor.name()).unwrap(), regressor);
        }
    }

    #[test]
    fn linear_models_predict_what_scikit_learn_predicts() {
        let fixture = Fixture::load();
        let x = Matrix::new(fixture.x.concat(), fixture.x[0].len());
        for case in &fixture.linear {
            let model = match case.l1_ratio {
                None => linear::ridge(&x, &fixture.y, case.alpha),
                Some(ratio) => linear::elastic_net(&x, &fixture.y, case.alpha, ratio),
            };
            let model = model.unwrap();
            for (row, expected) in fixture.x.iter().zip(&case.predicted) {
                let value = model.predict(row).unwrap();
                assert!((value - expected).abs() < 1e-6, "{value} {expected}");
            }
        }
    }
}
