//! How attention scores become weights, one word a file. A new one is its file and its row below; a formula that engines
//! lack is a new [`AttentionWeighting`].

mod softmax;
mod softmax_one;

use super::Word;
use super::one_of::one_of;
use crate::AttentionWeighting;

/// What a plan reads of [`Attention`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionProperties {
    /// The formula.
    pub weighting: AttentionWeighting,
    /// Whether one more score, which is 0, is part of the sum.
    pub one: bool,
}

one_of! {
    "attention", "How attention scores become weights", default "`softmax`";
    /// How attention scores become weights.
    Attention: AttentionProperties;
    /// Softmax (Vaswani et al. 2017).
    Softmax = softmax::ROW;
    /// Softmax with 1 in the sum (Miller 2023; Kaul et al., arXiv 2410.17174).
    SoftmaxOne = softmax_one::ROW;
}
