use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Switch, layer_list};
use crate::{ArchSpec, Error, Result};

pub(super) static SWITCH: Switch = Switch {
    key: "window",
    about: "Layers that see only the latest positions: a table of `width` and `layers`",
    default: "none",
    range: "`width` at least 1, `layers` ascending, 1 to `layers`",
    values: &[],
    schema: || {
        json!({ "type": "object", "required": ["width", "layers"], "additionalProperties": false, "properties": {
            "width": { "type": "integer", "minimum": 1 },
            "layers": { "type": "array", "minItems": 1, "items": { "type": "integer", "minimum": 1 } },
        } })
    },
    check,
    numbers: &[],
};

/// Layers in which a position sees only the latest ones, itself among them (Beltagy et al. 2020), as in
/// some of Mistral and Qwen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// How many positions one sees, at least 1.
    pub width: usize,
    /// These layers, counted from 1, in ascending order; the others see all earlier positions.
    pub layers: Vec<usize>,
}

fn check(arch: &ArchSpec) -> Result<()> {
    let Some(Window { width, layers }) = &arch.window else {
        return Ok(());
    };
    if *width == 0 {
        return Err(Error::range("arch.window.width", width, "at least 1"));
    }
    if layers.is_empty() {
        let allowed = "one layer or more; leave `window` out for none";
        return Err(Error::range("arch.window.layers", "[]", allowed));
    }
    layer_list::check(arch, "window.layers", layers)
}
