use serde_json::json;

use super::{Switch, layer_list};
use crate::Error;

pub(super) static SWITCH: Switch = Switch {
    key: "unrotated_layers",
    about: "Layers whose queries and keys are not rotated although positions are rotary (NoPE)",
    default: "none",
    range: "ascending, 1 to `layers`; rotary positions",
    values: &[],
    schema: || json!({ "type": "array", "items": { "type": "integer", "minimum": 1 } }),
    check: |arch| {
        let layers = &arch.unrotated_layers;
        layer_list::check(arch, "unrotated_layers", layers)?;
        match layers.is_empty() || arch.position.rotary().is_some() {
            true => Ok(()),
            false => Err(Error::range(
                "arch.unrotated_layers",
                format!("{layers:?}"),
                "[] where positions are not rotary",
            )),
        }
    },
    numbers: &[],
};
