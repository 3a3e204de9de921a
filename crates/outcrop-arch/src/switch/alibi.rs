use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Switch;
use crate::{ArchSpec, Error, Result};

pub(super) static SWITCH: Switch = Switch {
    key: "alibi",
    about: "How linear biases are made where positions enter so: a table of `order`, `max`, `scaled`, `bf16`",
    default: "`order` press, `max` 8, `scaled` and `bf16` false",
    range: "`order` press or mpt; `max` above 0",
    values: &[],
    schema: || {
        json!({ "type": "object", "additionalProperties": false, "properties": {
            "order": { "enum": ["press", "mpt"] },
            "max": { "type": "number", "exclusiveMinimum": 0 },
            "scaled": { "type": "boolean" },
            "bf16": { "type": "boolean" },
        } })
    },
    check,
    numbers: &[],
};

/// How the linear biases of [`Position::Alibi`](crate::Position::Alibi) are made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alibi {
    /// In which order heads get their slopes where their number is no power of two.
    pub order: AlibiOrder,
    /// The slope of the last of n = 2^k heads is 2^-max.
    pub max: f64,
    /// Whether they are added before the scores are scaled, and scaled with them, as in Falcon.
    pub scaled: bool,
    /// Whether slopes, and their products with the position of a key from 0, are rounded to bfloat16, as in Falcon.
    pub bf16: bool,
}

/// In which order heads get their slopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlibiOrder {
    /// Those of the largest power of two below, then every other one of the next, the first first (Press et al.
    /// 2022).
    #[default]
    Press,
    /// Those of the next power of two: the second, the fourth and so on, then the first, the third (MPT).
    Mpt,
}

impl Default for Alibi {
    /// As Press et al. 2022.
    fn default() -> Self {
        Self {
            order: AlibiOrder::Press,
            max: 8.0,
            scaled: false,
            bf16: false,
        }
    }
}

impl Alibi {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

fn check(arch: &ArchSpec) -> Result<()> {
    let Alibi { max, .. } = arch.alibi;
    match max > 0.0 && max.is_finite() {
        true => Ok(()),
        false => Err(Error::range("arch.alibi.max", max, "above 0")),
    }
}
