use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Switch;
use crate::{ArchSpec, Error, Result};

pub(super) static SWITCH: Switch = Switch {
    key: "softcap",
    about: "Bounds c of numbers x, which become c tanh(x / c): a table of `scores`, `logits`",
    default: "none",
    range: "above 0",
    values: &[],
    schema: || {
        let number = json!({ "type": "number", "exclusiveMinimum": 0 });
        json!({ "type": "object", "additionalProperties": false, "properties": {
            "scores": number, "logits": number,
        } })
    },
    check,
    numbers: &[],
};

/// Bounds c of numbers x, which become c tanh(x / c), as in Gemma 2 (Gemma Team 2024).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Softcap {
    /// Of the scaled scores of attention, before linear biases are added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scores: Option<f64>,
    /// Of the logits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logits: Option<f64>,
}

impl Softcap {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

fn check(arch: &ArchSpec) -> Result<()> {
    let Softcap { scores, logits } = arch.softcap;
    for (name, cap) in [("scores", scores), ("logits", logits)] {
        if let Some(cap) = cap.filter(|cap| !(*cap > 0.0 && cap.is_finite())) {
            return Err(Error::range(format!("arch.softcap.{name}"), cap, "above 0"));
        }
    }
    Ok(())
}
