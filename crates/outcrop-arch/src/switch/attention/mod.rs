//! How attention scores become weights, one word a file. A new one is its file and its row below; a formula that engines
//! lack is a new [`AttentionWeighting`].

mod clipped_softmax;
mod sigmoid;
mod softmax;
mod softmax_one;
mod softpick;

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
    /// Clipped softmax (Bondarenko et al. 2023, arXiv 2306.12929), with the numbers of [`ArchSpec::clipping`](crate::ArchSpec::clipping).
    ClippedSoftmax = clipped_softmax::ROW;
    /// Softpick (Zuhri et al. 2025, arXiv 2504.20966).
    Softpick = softpick::ROW;
    /// Sigmoid without normalisation (Gu et al., arXiv 2410.10781).
    Sigmoid = sigmoid::ROW;
}
