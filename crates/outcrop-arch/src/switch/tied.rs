use serde_json::json;

use super::Switch;

pub(super) static SWITCH: Switch = Switch {
    key: "tied",
    about: "Whether the unembedding shares the embedding's weights",
    default: "false",
    range: "true, false",
    values: &[],
    schema: || json!({ "type": "boolean" }),
    check: |_| Ok(()),
    numbers: &[],
};
