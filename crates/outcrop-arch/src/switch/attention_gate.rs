use super::Word;
use super::one_of::one_of;

/// How many numbers of what heads read one gate multiplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateOver {
    /// All that one head reads, d_head numbers.
    Head,
    /// One number.
    Element,
}

const NOTHING: Option<GateOver> = None;

one_of! {
    "attention_gate",
    "Whether what heads read is multiplied by a gate before the output projection: o' = o * sigmoid(x W), x what attention \
     reads (Qiu et al. 2025, arXiv 2505.06708). With W = 0 it halves the output. `attention_gate_init` gives it a bias",
    default "`none`";
    /// The gate that multiplies what heads read: o' = o * sigmoid(x W + b), x the input of attention.
    AttentionGate: Option<GateOver>;
    /// None.
    None = Word { word: "none", aliases: &[], about: "no gate", properties: NOTHING };
    /// One for each head, W of [heads, d_model].
    PerHead = Word {
        word: "per-head",
        aliases: &[],
        about: "one gate for each head and token",
        properties: Some(GateOver::Head),
    };
    /// One for each number that heads read, W of [heads d_head, d_model].
    PerElement = Word {
        word: "per-element",
        aliases: &[],
        about: "one gate for each number that heads read",
        properties: Some(GateOver::Element),
    };
}

impl AttentionGate {
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::None
    }
}
