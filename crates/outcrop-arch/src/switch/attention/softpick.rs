use super::{AttentionProperties, Word};
use crate::AttentionWeighting;

pub(super) const ROW: Word<AttentionProperties> = Word {
    word: "softpick",
    aliases: &[],
    about: "max(x_j, 0) / (sum |x| + 1e-8) with x = exp(s) - 1 over the keys that a query sees",
    properties: AttentionProperties {
        weighting: AttentionWeighting::Softpick,
        one: false,
    },
};
