use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Switch;
use crate::{ArchSpec, Error, Result};

pub(super) static SWITCH: Switch = Switch {
    key: "scale",
    about: "What numbers are multiplied by: a table of `embedding`, `attention`, `residual`, `logits`, and `by_layer`, whether scores are divided by the number of the layer",
    default: "1, scores 1 / sqrt(d_head)",
    range: "not 0",
    values: &[],
    schema: || {
        let number = json!({ "type": "number" });
        json!({ "type": "object", "additionalProperties": false, "properties": {
            "embedding": number, "attention": number, "residual": number, "logits": number,
            "by_layer": { "type": "boolean" },
        } })
    },
    check,
    numbers: &[],
};

/// What numbers are multiplied by on their way, as in Granite and with the maximal update parametrisation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scale {
    /// The token embedding, before positions are added.
    #[serde(skip_serializing_if = "is_one")]
    pub embedding: f64,
    /// The scores, q k'; 1 / sqrt(d_head) where it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attention: Option<f64>,
    /// Whether the scores are divided by the number of the layer, from 1, as in the GPT-2 models of Stanford CRFM
    /// (Mistral, 2021).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_layer: bool,
    /// What a sublayer adds to the residual stream.
    #[serde(skip_serializing_if = "is_one")]
    pub residual: f64,
    /// The logits.
    #[serde(skip_serializing_if = "is_one")]
    pub logits: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_one(x: &f64) -> bool {
    *x == 1.0
}

impl Default for Scale {
    /// By nothing but 1 / sqrt(d_head).
    fn default() -> Self {
        Self {
            embedding: 1.0,
            attention: None,
            by_layer: false,
            residual: 1.0,
            logits: 1.0,
        }
    }
}

impl Scale {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

fn check(arch: &ArchSpec) -> Result<()> {
    let Scale {
        embedding,
        attention,
        by_layer: _,
        residual,
        logits,
    } = arch.scale;
    let numbers = [
        ("embedding", embedding),
        ("attention", attention.unwrap_or(1.0)),
        ("residual", residual),
        ("logits", logits),
    ];
    match numbers.iter().find(|(_, x)| *x == 0.0 || !x.is_finite()) {
        Some((name, x)) => Err(Error::range(format!("arch.scale.{name}"), x, "not 0")),
        None => Ok(()),
    }
}
