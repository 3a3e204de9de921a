use super::{ActivationProperties, Word};
use crate::Nonlinearity;

pub(super) const ROW: Word<ActivationProperties> = Word {
    word: "reglu",
    aliases: &[],
    about: "max(x W_gate, 0) * (x W_up), an MLP of three matrices",
    properties: ActivationProperties {
        kind: Nonlinearity::Relu,
        gated: true,
        huggingface: &["relu"],
    },
};
