//! Nonlinearities of the MLP, one a file. A new one is its file and its row below.

mod geglu;
mod geglu_tanh;
mod gelu;
mod gelu_tanh;
mod quick_geglu;
mod quick_gelu;
mod reglu;
mod reglu2;
mod relu;
mod relu2;
mod silu;
mod swiglu;
mod xielu;

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
    /// x * sigmoid(x).
    Silu = silu::ROW;
    /// max(x, 0)^2 (So et al. 2021).
    Relu2 = relu2::ROW;
    /// x * sigmoid(1.702 x), an approximation of GELU (Hendrycks and Gimpel 2016).
    QuickGelu = quick_gelu::ROW;
    /// gelu(x W_gate) * (x W_up): an MLP of three matrices (Shazeer 2020).
    GeGlu = geglu::ROW;
    /// The same with the tanh approximation of GELU, as Gemma.
    GeGluTanh = geglu_tanh::ROW;
    /// max(x W_gate, 0) * (x W_up): an MLP of three matrices (Shazeer 2020).
    ReGlu = reglu::ROW;
    /// g * sigmoid(1.702 g) * (x W_up) with g = x W_gate: an MLP of three matrices, as GPT-OSS.
    QuickGeGlu = quick_geglu::ROW;
    /// A nonlinearity with two learned numbers in each block, as Apertus (Huang and Schlag 2024).
    Xielu = xielu::ROW;
    /// max(x W_gate, 0)^2 * (x W_up): an MLP of three matrices, as BitNet b1.58 (arXiv 2504.12285).
    ReGlu2 = reglu2::ROW;
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
