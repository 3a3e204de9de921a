/// One number that was observed of a tensor of a model at one step: a row of `observables.csv`.
///
/// `outcrop-observe` defines the observables, with unit and range of each.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Observation {
    /// Name of the model.
    pub model: String,
    /// Training step.
    pub step: u64,
    /// Layer, from 1; 0 for the embedding and for what is of all layers together.
    pub layer: u32,
    /// Head, from 1: of queries and attention weights a query head, of keys and values a key-value head; none for what is
    /// no head's.
    pub head: Option<u32>,
    /// Where the tensor was read, such as `residual-stream`.
    pub place: String,
    /// The name of the number, such as `norm_first`.
    pub observable: String,
    /// The mean over sequences, or the value of one; none where no sequence has a value, never 0 for that.
    pub value: Option<f64>,
    /// The standard error of the mean: standard deviation (with n - 1) over sqrt(n); none for fewer than two values.
    pub sem: Option<f64>,
    /// How many sequences have a value.
    pub n: u64,
    /// Why sequences have no value, by the most frequent reason, such as `too-short`; none where all have one.
    pub reason: Option<String>,
    /// The sequence, from 0, of a row of one sequence; none for the mean over all.
    pub sequence: Option<u32>,
    /// The stage of training in which the step counts; none for a run of one stage. Tables have it in the columns of
    /// `StagedObservation`.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub stage: Option<crate::Stage>,
}
