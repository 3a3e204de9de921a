use serde::{Deserialize, Serialize};

/// How well one regressor predicts one target under one protocol: a row of `scores.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The predicted quantity, such as `K` or `ln f_last`.
    pub target: String,
    /// The regressor, such as `random forest`, or a baseline, such as `mean`.
    pub regressor: String,
    /// `paper (random 80/20)` or `leave one model out`.
    pub protocol: String,
    /// Number of models that the rows come from.
    pub models: usize,
    /// Number of (model, layer) rows that were scored.
    pub rows: usize,
    /// Coefficient of determination on rows not trained on; for leave-one-model-out it is Q2,
    /// against the mean of each training set. Empty where the target does not vary.
    pub r2: Option<f64>,
    /// Mean absolute error, in units of the target.
    pub mae: f64,
    /// Root mean squared error, in units of the target.
    pub rmse: f64,
}

/// One target of one (model, layer) predicted by a regressor that never saw that model: a row of
/// `predictions.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// Name of the model.
    pub model: String,
    /// Layer, from 1.
    pub layer: u32,
    /// The predicted quantity.
    pub target: String,
    /// The regressor.
    pub regressor: String,
    /// The value fitted to the measurements, where there is one.
    pub observed: Option<f64>,
    /// The value predicted from the architecture.
    pub predicted: f64,
}
