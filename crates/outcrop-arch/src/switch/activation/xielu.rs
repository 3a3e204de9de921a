use super::{ActivationProperties, Word};
use crate::Nonlinearity;

pub(super) const ROW: Word<ActivationProperties> = Word {
    word: "xielu",
    aliases: &[],
    about: "p x^2 + x / 2 above 0, n (exp(x) - 1 - x) + x / 2 below, p = softplus(a), n = 1/2 + softplus(b), a and b learned",
    properties: ActivationProperties {
        kind: Nonlinearity::Xielu,
        gated: false,
        huggingface: &["xielu"],
    },
};
