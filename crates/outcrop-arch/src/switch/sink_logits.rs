use serde_json::json;

use super::Switch;
use crate::{Attention, Error};

pub(super) static SWITCH: Switch = Switch {
    key: "sink_logits",
    about: "Whether each head has a learned logit z beside the scores of its queries, whose weight falls away, as in \
            GPT-OSS: exp(s_j) / (exp(z) + sum exp(s)). It starts at 0",
    default: "false",
    range: "true or false; true with `attention` softmax",
    values: &[],
    schema: || json!({ "type": "boolean" }),
    check: |arch| match arch.sink_logits && arch.attention != Attention::Softmax {
        false => Ok(()),
        true => {
            let word = arch.attention.word();
            let allowed = format!("false where `attention` is {word}, or `attention` softmax");
            Err(Error::range("arch.sink_logits", true, allowed))
        }
    },
    numbers: &[],
};
