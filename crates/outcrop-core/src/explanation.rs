/// The share of one group of features in one prediction: a row of `shapley.csv`. The shares of a
/// (model, layer) add up to `predicted - base`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Attribution {
    /// Name of the model.
    pub model: String,
    /// Layer, from 1.
    pub layer: u32,
    /// The predicted quantity.
    pub target: String,
    /// The regressor.
    pub regressor: String,
    /// The features that share one value, joined by ` + `.
    pub group: String,
    /// Value of the first of them.
    pub value: f64,
    /// Shapley value, in units of the target.
    pub shapley: f64,
    /// Mean prediction over the background rows, in units of the target.
    pub base: f64,
    /// The prediction that is explained, in units of the target.
    pub predicted: f64,
}

/// One point of a dependence: the prediction for one layer, or the mean over layers, with one group
/// of features set to a value of the table: a row of `dependence.csv`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dependence {
    /// The predicted quantity.
    pub target: String,
    /// The regressor.
    pub regressor: String,
    /// The features that are set together, joined by ` + `.
    pub group: String,
    /// Name of the model whose other features are kept; empty for the mean.
    pub model: String,
    /// Its layer, from 1; 0 for the mean.
    pub layer: u32,
    /// What the first feature of the group is set to.
    pub at: f64,
    /// The prediction, in units of the target.
    pub predicted: f64,
}

/// How much worse unseen architectures are predicted when one group of features belongs to another
/// architecture: a row of `importance.csv`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Importance {
    /// The predicted quantity.
    pub target: String,
    /// The regressor.
    pub regressor: String,
    /// The features that are exchanged together, joined by ` + `.
    pub group: String,
    /// Root mean squared error on architectures left out, as they are, in units of the target.
    pub rmse: f64,
    /// Mean over permutations of the increase of that error.
    pub increase: f64,
    /// Standard deviation over permutations of the increase.
    pub sd: f64,
    /// Number of permutations.
    pub repeats: usize,
}
