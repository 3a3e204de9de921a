use serde_json::json;

use super::Switch;
use crate::Error;

pub(super) static SWITCH: Switch = Switch {
    key: "norm_eps",
    about: "Added to the variance in the normalisation",
    default: "1e-5",
    range: "above 0, at most 0.1",
    values: &[],
    schema: || json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 0.1 }),
    check: |arch| match arch.norm_eps > 0.0 && arch.norm_eps <= 0.1 {
        true => Ok(()),
        false => Err(Error::range(
            "arch.norm_eps",
            arch.norm_eps,
            "above 0, at most 0.1",
        )),
    },
    numbers: &[],
};
