use super::{ActivationProperties, Word};
use crate::Nonlinearity;

pub(super) const ROW: Word<ActivationProperties> = Word {
    word: "geglu",
    aliases: &[],
    about: "gelu(x W_gate) * (x W_up), an MLP of three matrices",
    properties: ActivationProperties {
        kind: Nonlinearity::Gelu,
        gated: true,
        huggingface: &["gelu", "gelu_python"],
    },
};
