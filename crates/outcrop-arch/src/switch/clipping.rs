use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Switch;
use crate::{ArchSpec, Attention, AttentionWeighting, Error, Result};

pub(super) static SWITCH: Switch = Switch {
    key: "clipping",
    about: "How clipped softmax stretches the weights p of softmax, to clip((eta - gamma) p + gamma, 0, 1): a table of `eta` \
            and `alpha`, gamma = -alpha / `context`",
    default: "`eta` 1, `alpha` 4",
    range: "`eta` at least 1, `alpha` at least 0; `attention` clipped-softmax",
    values: &[],
    schema: || {
        json!({ "type": "object", "additionalProperties": false, "properties": {
            "eta": { "type": "number", "minimum": 1 },
            "alpha": { "type": "number", "minimum": 0 },
        } })
    },
    check,
    numbers: &[],
};

/// How [`Attention::ClippedSoftmax`] stretches weights before it clips them (Bondarenko et al. 2023, arXiv 2306.12929).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clipping {
    /// The upper bound, 1 or more: with more, weights near 1 are exactly 1.
    pub eta: f64,
    /// The lower bound is gamma = -alpha / context, alpha 0 or more: weights below about alpha / context are exactly 0. The
    /// authors find 2 to 4 good.
    pub alpha: f64,
}

impl Default for Clipping {
    fn default() -> Self {
        Self {
            eta: 1.0,
            alpha: 4.0,
        }
    }
}

impl Clipping {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// In sequences of up to `context` positions.
    pub(crate) fn weighting(self, context: usize) -> AttentionWeighting {
        let Self { eta, alpha } = self;
        let gamma = -alpha / context as f64;
        AttentionWeighting::ClippedSoftmax { eta, gamma }
    }
}

fn check(arch: &ArchSpec) -> Result<()> {
    let Clipping { eta, alpha } = arch.clipping;
    for (name, x, least) in [("eta", eta, 1.0), ("alpha", alpha, 0.0)] {
        if !(x >= least && x.is_finite()) {
            let allowed = format!("at least {least}");
            return Err(Error::range(format!("arch.clipping.{name}"), x, allowed));
        }
    }
    if arch.clipping.is_default() || arch.attention == Attention::ClippedSoftmax {
        return Ok(());
    }
    let given = format!("eta {eta}, alpha {alpha}");
    let word = arch.attention.word();
    let allowed =
        format!("not given where `attention` is {word}; set `attention` to clipped-softmax");
    Err(Error::range("arch.clipping", given, allowed))
}
