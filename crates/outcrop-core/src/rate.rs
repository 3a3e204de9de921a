/// The learning rate of one update: columns of `loss.csv`, or of a table of trajectories with a column `learning_rate`.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RatePoint {
    /// Name of the model.
    pub model: String,
    /// Training step; a row at step s has the rate of update s.
    pub step: u64,
    /// The learning rate; empty where it is not known, as at step 0.
    pub learning_rate: Option<f64>,
}
