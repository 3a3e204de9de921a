use serde_json::json;

use super::Switch;
use crate::Error;

pub(super) static SWITCH: Switch = Switch {
    key: "clip_qkv",
    about: "Largest magnitude of queries, keys and values: those beyond are clipped to it",
    default: "none",
    range: "above 0",
    values: &[],
    schema: || json!({ "type": "number", "exclusiveMinimum": 0 }),
    check: |arch| match arch.clip_qkv {
        Some(limit) if !(limit > 0.0 && limit.is_finite()) => {
            Err(Error::range("arch.clip_qkv", limit, "above 0"))
        }
        Some(_) | None => Ok(()),
    },
    numbers: &[],
};
