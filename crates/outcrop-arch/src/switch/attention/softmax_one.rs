use super::{AttentionProperties, Word};
use crate::AttentionWeighting;

pub(super) const ROW: Word<AttentionProperties> = Word {
    word: "softmax-one",
    aliases: &[],
    about: "softmax with 1 in the sum: exp(s_j) / (1 + sum exp(s)), so that a query need not read anything",
    properties: AttentionProperties {
        weighting: AttentionWeighting::Softmax,
        one: true,
    },
};
