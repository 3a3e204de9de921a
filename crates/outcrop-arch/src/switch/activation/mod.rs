//! Nonlinearities of the MLP, one a file. A new one is its file and its row below.

mod gelu;
mod gelu_tanh;
mod relu;
mod swiglu;

use super::Word;
use super::one_of::one_of;
use crate::Nonlinearity;

/// The nonlinearity of an MLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActivationProperties {
    /// The function f.
    pub kind: Nonlinearity,
    /// Whether the MLP is f(x W_gate) * (x W_up), of three matrices; else f(x W_up).
    pub gated: bool,
    /// What `config.json` calls it, beside whether the MLP is gated; the first is written.
    pub huggingface: &'static [&'static str],
}

one_of! {
    "activation", "The nonlinearity of the MLP", default "`gelu`";
    /// The nonlinearity of the MLP.
    Activation: ActivationProperties;
    /// x * Phi(x), exact.
    Gelu = gelu::ROW;
    /// The tanh approximation of GELU.
    GeluTanh = gelu_tanh::ROW;
    /// max(x, 0).
    Relu = relu::ROW;
    /// silu(x W_gate) * (x W_up): an MLP of three matrices, as Llama (Shazeer 2020).
    SwiGlu = swiglu::ROW;
}

impl Activation {
    /// The one that a `config.json` calls so, in an MLP that is gated or is not.
    pub(crate) fn from_huggingface(name: &str, gated: bool) -> Option<Self> {
        let called = |value: &Self| value.properties().huggingface.contains(&name);
        Self::among(gated).find(called)
    }

    /// What `config.json` may call those that are gated, or those that are not.
    pub(crate) fn huggingface(gated: bool) -> String {
        let names = Self::among(gated).flat_map(|value| value.properties().huggingface);
        names.copied().collect::<Vec<_>>().join(", ")
    }

    /// Those that are gated, or those that are not.
    pub(crate) fn among(gated: bool) -> impl Iterator<Item = Self> {
        let all = Self::ALL.into_iter();
        all.filter(move |value| value.properties().gated == gated)
    }
}
