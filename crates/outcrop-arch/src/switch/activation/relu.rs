use super::{ActivationProperties, Word};
use crate::Nonlinearity;

pub(super) const ROW: Word<ActivationProperties> = Word {
    word: "relu",
    aliases: &[],
    about: "max(x, 0)",
    properties: ActivationProperties {
        kind: Nonlinearity::Relu,
        gated: false,
        huggingface: &["relu"],
    },
};
