use serde_json::json;

use super::Switch;
use crate::Error;

const RANGE: &str = "a number above 0";

pub(super) static SWITCH: Switch = Switch {
    key: "norm_eps",
    about: "Added to the variance in the normalisation",
    default: "1e-5",
    range: RANGE,
    values: &[],
    schema: || json!({ "type": "number", "exclusiveMinimum": 0 }),
    check: |arch| match arch.norm_eps > 0.0 && arch.norm_eps.is_finite() {
        true => Ok(()),
        false => Err(Error::range("arch.norm_eps", arch.norm_eps, RANGE)),
    },
    numbers: &[],
};
