use super::{ActivationProperties, Word};
use crate::Nonlinearity;

pub(super) const ROW: Word<ActivationProperties> = Word {
    word: "relu2",
    aliases: &[],
    about: "max(x, 0)^2",
    properties: ActivationProperties {
        kind: Nonlinearity::Relu2,
        gated: false,
        huggingface: &["relu2"],
    },
};
