use super::{AttentionProperties, Word};
use crate::AttentionWeighting;

pub(super) const ROW: Word<AttentionProperties> = Word {
    word: "softmax",
    aliases: &[],
    about: "softmax: exp(s_j) / sum exp(s) over the keys that a query sees",
    properties: AttentionProperties {
        weighting: AttentionWeighting::Softmax,
        one: false,
    },
};
