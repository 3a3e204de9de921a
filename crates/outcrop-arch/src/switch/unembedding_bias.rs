use serde_json::json;

use super::Switch;

pub(super) static SWITCH: Switch = Switch {
    key: "unembedding_bias",
    about: "Whether the unembedding has a bias",
    default: "false",
    range: "true, false",
    values: &[],
    schema: || json!({ "type": "boolean" }),
    check: |_| Ok(()),
    numbers: &[],
};
