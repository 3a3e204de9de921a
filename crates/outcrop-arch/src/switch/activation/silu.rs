use super::{ActivationProperties, Word};
use crate::Nonlinearity;

pub(super) const ROW: Word<ActivationProperties> = Word {
    word: "silu",
    aliases: &[],
    about: "x * sigmoid(x)",
    properties: ActivationProperties {
        kind: Nonlinearity::Silu,
        gated: false,
        huggingface: &["silu", "swish"],
    },
};
