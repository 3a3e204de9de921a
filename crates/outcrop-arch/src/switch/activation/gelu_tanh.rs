use super::{ActivationProperties, Word};
use crate::Nonlinearity;

pub(super) const ROW: Word<ActivationProperties> = Word {
    word: "gelu-tanh",
    aliases: &[],
    about: "the tanh approximation of GELU",
    properties: ActivationProperties {
        kind: Nonlinearity::GeluTanh,
        gated: false,
        huggingface: &[
            "gelu_new",
            "gelu_fast",
            "gelu_pytorch_tanh",
            "gelu_accurate",
            "gelu_python_tanh",
        ],
    },
};
