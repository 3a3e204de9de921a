use serde_json::json;

use super::Switch;
use crate::{ArchSpec, Error, Result};

pub(super) static SWITCH: Switch = Switch {
    key: "attention_gate_init",
    about: "The mean of the gates of attention before training, pi: gates then have a bias that starts at \
            ln(pi / (1 - pi)). Bondarenko et al. 2023 (arXiv 2306.12929) begin with a pi of 0.25",
    default: "none: no bias",
    range: "above 0, below 1, where there is an `attention_gate`",
    values: &[],
    schema: || json!({ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1 }),
    check,
    numbers: &[],
};

fn check(arch: &ArchSpec) -> Result<()> {
    let field = "arch.attention_gate_init";
    match arch.attention_gate_init {
        None => Ok(()),
        Some(mean) if !(mean > 0.0 && mean < 1.0) => {
            Err(Error::range(field, mean, "above 0, below 1"))
        }
        Some(mean) if arch.attention_gate.is_none() => {
            let allowed = "no value without `attention_gate`: set that to `per-head`, `per-head-slice` or `per-element`";
            Err(Error::range(field, mean, allowed))
        }
        Some(_) => Ok(()),
    }
}
