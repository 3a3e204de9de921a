use serde_json::json;

use super::Switch;

pub(super) static SWITCH: Switch = Switch {
    key: "layer_scale",
    about: "Whether what a sublayer writes is multiplied by a learned gain, channel by channel, before it is added \
            (LayerScale, Touvron et al. 2021, arXiv 2103.17239). Forward passes of published models have it, training does not",
    default: "false",
    range: "true or false",
    values: &[],
    schema: || json!({ "type": "boolean" }),
    check: |_| Ok(()),
    numbers: &[],
};
