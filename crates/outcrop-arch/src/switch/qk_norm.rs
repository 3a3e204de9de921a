use serde_json::json;

use super::Switch;

pub(super) static SWITCH: Switch = Switch {
    key: "qk_norm",
    about: "Whether each head of queries and keys passes an RMSNorm with gain before the rotary embedding",
    default: "false",
    range: "true, false",
    values: &[],
    schema: || json!({ "type": "boolean" }),
    check: |_| Ok(()),
    numbers: &[],
};
