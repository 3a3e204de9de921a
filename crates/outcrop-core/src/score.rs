/// How well one regressor predicts one target under one protocol: a row of `scores.csv`.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct Score {
    /// The predicted quantity, such as `K` or `ln f_last`.
    pub target: String,
    /// The regressor, such as `random forest`, or a baseline, such as `mean`.
    pub regressor: String,
    /// `paper (random 80/20)`, `leave one model out`, `leave one architecture out` or
    /// `extrapolation (largest left out)`.
    pub protocol: String,
    /// Number of models that the rows come from.
    pub models: usize,
    /// Number of (model, layer) rows that were scored.
    pub rows: usize,
    /// Coefficient of determination on rows not trained on; for all but the paper's protocol it is
    /// Q2, against the mean of each training set. Empty where the target does not vary.
    pub r2: Option<f64>,
    /// Mean absolute error, in units of the target.
    pub mae: f64,
    /// Root mean squared error, in units of the target.
    pub rmse: f64,
    /// Number of different architectures among the models.
    pub architectures: Option<usize>,
    /// Mean absolute error as a ratio or in steps, where the target is the logarithm of one; else
    /// the same as `mae`.
    pub mae_original: Option<f64>,
    /// Root mean squared error, likewise.
    pub rmse_original: Option<f64>,
    /// 1 - squared error / squared error of the depth profile, each architecture weighing the same:
    /// above 0 where the architecture helps.
    pub gain: Option<f64>,
    /// Share of relabellings of architectures whose gain is as high; empty where not tested.
    pub p: Option<f64>,
}

/// How well one regressor predicts one model that it never saw: a row of `model_scores.csv`.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct ModelScore {
    /// Name of the model.
    pub model: String,
    /// The predicted quantity.
    pub target: String,
    /// The regressor.
    pub regressor: String,
    /// `leave one model out`, or `leave one architecture out` where models share one.
    pub protocol: String,
    /// Number of rows (layers) that were scored.
    pub rows: usize,
    /// Mean absolute error, in units of the target.
    pub mae: f64,
    /// Root mean squared error, in units of the target.
    pub rmse: f64,
    /// Mean of predicted - observed, in units of the target.
    pub bias: f64,
}

/// One target of one (model, layer) predicted by a regressor that never saw that model: a row of
/// `predictions.csv`.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
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
    /// Lower end of the band of the prediction; empty where there is none.
    pub predicted_lo: Option<f64>,
    /// Upper end of the band of the prediction.
    pub predicted_hi: Option<f64>,
}
