/// A (position, channel) pair that is among the largest three magnitudes of some hidden states of a
/// model: a row of `places.csv`. A cell is one hidden state: one (step, sequence, layer).
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PersistentPlace {
    /// Name of the model.
    pub model: String,
    /// Position in the sequence, from 0.
    pub position: u32,
    /// Channel of the residual stream, from 0.
    pub channel: u32,
    /// The token id there, where it is the same in every cell.
    pub token: Option<u32>,
    /// Cells in whose largest three it is.
    pub cells: u64,
    /// The share of all cells of the model, 0 to 1.
    pub share: f64,
    /// The share of cells of the last step, 0 to 1.
    pub share_of_last_step: f64,
    /// How many sequences it is found in.
    pub sequences: u64,
    /// How many layers it is found in.
    pub layers: u64,
    /// The first of them, from 1.
    pub first_layer: u32,
    /// The last of them.
    pub last_layer: u32,
    /// How many steps it is found at.
    pub steps: u64,
    /// The first of them.
    pub first_step: u64,
    /// The last of them.
    pub last_step: u64,
    /// Its largest magnitude.
    pub largest: f32,
}

/// How much attention one head gives to the first position, averaged over sequences: a row of
/// `heads.csv`.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HeadSink {
    /// Name of the model.
    pub model: String,
    /// Training step.
    pub step: u64,
    /// Layer, from 1.
    pub layer: u32,
    /// Head, from 1.
    pub head: u32,
    /// Number of sequences.
    pub sequences: u64,
    /// alpha of position 0, averaged over sequences, 0 to 1: the attention that it receives, averaged
    /// over the queries that see it (Gu et al., arXiv 2410.10781).
    pub alpha: f64,
    /// The share of sequences in which alpha is above 0.3, 0 to 1; its mean over all heads of all
    /// layers is the sink rate of Gu et al., in per cent there.
    pub sink_rate: f64,
}
