use serde_json::json;

use super::Switch;
use crate::Error;

pub(super) static SWITCH: Switch = Switch {
    key: "bidirectional",
    about: "Whether every position sees all others, the later ones too, as in models of images. Forward passes of \
            published models have it, training does not",
    default: "false",
    range: "true or false; true without `window` and without linear biases",
    values: &[],
    schema: || json!({ "type": "boolean" }),
    check: |arch| {
        let field = match (arch.window.is_some(), arch.position.alibi()) {
            _ if !arch.bidirectional => return Ok(()),
            (true, _) => "a window",
            (false, true) => "linear biases",
            (false, false) => return Ok(()),
        };
        let allowed = format!("false where there is {field}");
        Err(Error::range("arch.bidirectional", true, allowed))
    },
    numbers: &[],
};
