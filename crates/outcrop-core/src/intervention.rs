/// What massive activations are set to in the residual stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum SetTo {
    /// To nothing: they stay as they are.
    #[default]
    None,
    /// To 0.
    Zero,
    /// To the mean that each had over a calibration pass.
    Mean,
}

/// The loss of a model on some sequences while its massive activations are set to something (Sun et
/// al., arXiv 2402.17762, section 3): a row of `interventions.csv`.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Intervention {
    /// Name of the model.
    pub model: String,
    /// Training step.
    pub step: u64,
    /// The value that they were set to; the others are compared with the row with `none`.
    pub set: SetTo,
    /// The layer after which they were set, from 1; empty where it was after every layer, and for
    /// `none`.
    pub layer: Option<u32>,
    /// The rule by which they were found, `sun` or `top3` and the like; empty for `none`, and where no
    /// rule found any.
    pub rule: Option<String>,
    /// The channels in which they were set, from 0, ascending: `7;133`; empty where none was.
    pub channels: String,
    /// How many scalars (position, channel) were set in a sequence, averaged over the sequences; one
    /// that was set after two layers counts twice.
    pub scalars: f64,
    /// Number of sequences.
    pub sequences: u64,
    /// Number of tokens that were predicted: all but the first of each sequence.
    pub tokens: u64,
    /// Mean cross-entropy of these tokens in nats; NaN where the model's logits are.
    pub loss: f64,
    /// exp(loss), from 1 to infinity.
    pub perplexity: f64,
    /// The loss less that of `none`: above 0 where it hurt.
    pub loss_change: f64,
}
