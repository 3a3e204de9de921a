use super::{ActivationProperties, Word};
use crate::Nonlinearity;

pub(super) const ROW: Word<ActivationProperties> = Word {
    word: "quick-geglu",
    aliases: &[],
    about: "g * sigmoid(1.702 g) * (x W_up) with g = x W_gate, an MLP of three matrices",
    properties: ActivationProperties {
        kind: Nonlinearity::QuickGelu,
        gated: true,
        huggingface: &["quick_gelu"],
    },
};
