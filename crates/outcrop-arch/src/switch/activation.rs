use serde::{Deserialize, Serialize};

use super::{Switch, words};

pub(super) static SWITCH: Switch = Switch {
    key: "activation",
    about: "The nonlinearity of the MLP",
    default: "`gelu`",
    range: "one of the words below",
    values: WORDS,
    schema: || words(WORDS),
    check: |_| Ok(()),
    knob: None,
};

const WORDS: &[(&str, &str)] = &[
    ("gelu", "x * Phi(x), exact"),
    ("gelu-tanh", "the tanh approximation of GELU"),
    ("relu", "max(x, 0)"),
    (
        "swiglu",
        "silu(x W_gate) * (x W_up), an MLP of three matrices",
    ),
];

/// The nonlinearity of the MLP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// x * Phi(x), exact.
    #[default]
    Gelu,
    /// The tanh approximation of GELU.
    GeluTanh,
    /// max(x, 0).
    Relu,
    /// silu(x W_gate) * (x W_up): an MLP of three matrices, as Llama (Shazeer 2020).
    #[serde(rename = "swiglu", alias = "swi-glu")]
    SwiGlu,
}
