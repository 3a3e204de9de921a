use serde_json::json;

use super::Switch;
use crate::Error;

pub(super) static SWITCH: Switch = Switch {
    key: "local_base",
    about: "Base of the rotary embedding in layers that have a window, whose wavelengths are then not stretched",
    default: "as in the other layers",
    range: "above 1",
    values: &[],
    schema: || json!({ "type": "number", "exclusiveMinimum": 1 }),
    check: |arch| match arch.local_base {
        Some(base) if !(base > 1.0 && base.is_finite()) => {
            Err(Error::range("arch.local_base", base, "above 1"))
        }
        Some(_) | None => Ok(()),
    },
    numbers: &[],
};
