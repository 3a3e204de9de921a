use super::{ActivationProperties, Word};
use crate::Nonlinearity;

pub(super) const ROW: Word<ActivationProperties> = Word {
    word: "swiglu",
    aliases: &["swi-glu"],
    about: "silu(x W_gate) * (x W_up), an MLP of three matrices",
    properties: ActivationProperties {
        kind: Nonlinearity::Silu,
        gated: true,
        huggingface: &["silu", "swish"],
    },
};
