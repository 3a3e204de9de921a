/// How many tokens an expert of a mixture of experts gets: a row of `routers.csv`.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ExpertShare {
    /// Name of the model.
    pub model: String,
    /// Training step.
    pub step: u64,
    /// Layer, from 1.
    pub layer: u32,
    /// Expert, from 0, as names of weights count them.
    pub expert: u32,
    /// The share of all tokens of all sequences that pass it, 0 to 1: the shares of a layer add up to the number of experts
    /// that a token passes.
    pub share: f64,
    /// The probability that the router gives it, softmax over all experts of the layer, averaged over all tokens, 0 to 1.
    pub probability: f64,
}
