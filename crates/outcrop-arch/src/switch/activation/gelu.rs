use super::{ActivationProperties, Word};
use crate::Nonlinearity;

pub(super) const ROW: Word<ActivationProperties> = Word {
    word: "gelu",
    aliases: &[],
    about: "x * Phi(x), exact",
    properties: ActivationProperties {
        kind: Nonlinearity::Gelu,
        gated: false,
        huggingface: &["gelu", "gelu_python"],
    },
};
