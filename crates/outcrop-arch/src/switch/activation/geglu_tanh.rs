use super::{ActivationProperties, Word};
use crate::Nonlinearity;

pub(super) const ROW: Word<ActivationProperties> = Word {
    word: "geglu-tanh",
    aliases: &[],
    about: "the same with the tanh approximation of GELU",
    properties: ActivationProperties {
        kind: Nonlinearity::GeluTanh,
        gated: true,
        huggingface: &[
            "gelu_pytorch_tanh",
            "gelu_new",
            "gelu_fast",
            "gelu_accurate",
            "gelu_python_tanh",
        ],
    },
};
