use serde_json::json;

use super::Switch;

pub(super) static SWITCH: Switch = Switch {
    key: "embedding_norm",
    about: "Whether the residual stream is normalised before the first block",
    default: "false",
    range: "true, false",
    values: &[],
    schema: || json!({ "type": "boolean" }),
    check: |_| Ok(()),
    numbers: &[],
};
