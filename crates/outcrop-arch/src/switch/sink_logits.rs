use super::Switch;
use serde_json::json;

pub(super) static SWITCH: Switch = Switch {
    key: "sink_logits",
    about: "Whether each head has a learned logit beside the scores of its queries, whose weight falls away, as in \
            GPT-OSS. Forward passes of published models have them, training does not",
    default: "false",
    range: "true or false",
    values: &[],
    schema: || json!({ "type": "boolean" }),
    check: |_| Ok(()),
    numbers: &[],
};
