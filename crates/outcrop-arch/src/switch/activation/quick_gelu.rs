use super::{ActivationProperties, Word};
use crate::Nonlinearity;

pub(super) const ROW: Word<ActivationProperties> = Word {
    word: "quick-gelu",
    aliases: &[],
    about: "x * sigmoid(1.702 x)",
    properties: ActivationProperties {
        kind: Nonlinearity::QuickGelu,
        gated: false,
        huggingface: &["quick_gelu"],
    },
};
