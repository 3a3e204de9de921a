use super::Word;
use super::one_of::one_of;
use crate::{ArchSpec, Error, Result};

/// How many numbers of what heads read one gate multiplies, and what the gate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateOver {
    /// All that one head reads, d_head numbers. The gate reads all channels.
    Head,
    /// All that one head reads. The k-th gate reads the k-th of as many equal slices of the channels as there are heads.
    HeadSlice,
    /// One number. The gate reads all channels.
    Element,
}

const NOTHING: Option<GateOver> = None;

one_of! {
    "attention_gate",
    "Whether what heads read is multiplied by a gate before the output projection: o' = o * sigmoid(x W), x what attention \
     reads (Qiu et al. 2025, arXiv 2505.06708). With W = 0 it halves the output. `attention_gate_init` gives it a bias",
    default "`none`", check;
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
    /// One for each head, which reads its slice of the channels alone, W of [heads, d_model / heads].
    PerHeadSlice = Word {
        word: "per-head-slice",
        aliases: &[],
        about: "one gate for each head and token, the k-th of which reads the k-th of as many equal slices of the channels \
                (Bondarenko et al. 2023, arXiv 2306.12929)",
        properties: Some(GateOver::HeadSlice),
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

fn check(arch: &ArchSpec) -> Result<()> {
    let even = arch.heads != 0 && arch.d_model.is_multiple_of(arch.heads);
    if arch.attention_gate != AttentionGate::PerHeadSlice || even {
        return Ok(());
    }
    let allowed = format!(
        "`per-head` or `per-element` where `heads` ({}) does not divide `d_model` ({})",
        arch.heads, arch.d_model
    );
    Err(Error::range(
        "arch.attention_gate",
        arch.attention_gate.word(),
        allowed,
    ))
}
