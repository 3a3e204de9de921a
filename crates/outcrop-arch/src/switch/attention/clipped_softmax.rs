use super::{AttentionProperties, Word};
use crate::AttentionWeighting;

/// Its numbers are those of `clipping`.
pub(super) const ROW: Word<AttentionProperties> = Word {
    word: "clipped-softmax",
    aliases: &[],
    about: "softmax weights p, stretched and clipped to 0 to 1 as `clipping` says: small ones are exactly 0",
    properties: AttentionProperties {
        weighting: AttentionWeighting::ClippedSoftmax {
            eta: 1.0,
            gamma: 0.0,
        },
        one: false,
    },
};
