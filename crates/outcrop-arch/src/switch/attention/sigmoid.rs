use super::{AttentionProperties, Word};
use crate::AttentionWeighting;

pub(super) const ROW: Word<AttentionProperties> = Word {
    word: "sigmoid",
    aliases: &[],
    about: "1 / (1 + exp(-s_j)) for each key, not normalised",
    properties: AttentionProperties {
        weighting: AttentionWeighting::Sigmoid,
        one: false,
    },
};
