use super::{ActivationProperties, Word};
use crate::Nonlinearity;

pub(super) const ROW: Word<ActivationProperties> = Word {
    word: "reglu2",
    aliases: &[],
    about: "max(x W_gate, 0)^2 * (x W_up), an MLP of three matrices",
    properties: ActivationProperties {
        kind: Nonlinearity::Relu2,
        gated: true,
        huggingface: &["relu2"],
    },
};
