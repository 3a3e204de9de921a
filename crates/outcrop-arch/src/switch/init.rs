use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Switch;
use crate::{ArchSpec, Error, Result};

pub(super) static SWITCH: Switch = Switch {
    key: "init",
    about: "How weights are drawn before training: a table with a `kind`; biases start at 0, norm gains at 1",
    default: "`small-wang`",
    range: "`std` above 0, at most 10",
    values: &[
        (
            "small-wang",
            "normal with standard deviation sqrt(2 / (5 d_model)), for the output projections of a block \
             2 / (layers sqrt(d_model))",
        ),
        (
            "normal",
            "normal with standard deviation `std` for every matrix",
        ),
    ],
    schema: || {
        json!({ "type": "object", "required": ["kind"], "additionalProperties": false, "properties": {
            "kind": { "enum": ["small-wang", "normal"] },
            "std": { "type": "number", "exclusiveMinimum": 0, "maximum": 10 },
        } })
    },
    check,
    numbers: &[],
};

/// How weights are drawn before training. Biases start at 0, norm gains at 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Init {
    /// Pythia's: normal with standard deviation sqrt(2 / (5 d_model)) (small_init), for the two
    /// output projections of a block 2 / (layers sqrt(d_model)) (wang_init).
    #[default]
    SmallWang,
    /// Normal with one standard deviation for every matrix.
    Normal {
        /// Standard deviation, above 0.
        std: f64,
    },
}

impl Init {
    /// Standard deviation of a matrix; `writes` for the output projections of a block.
    pub(crate) fn std(self, arch: &ArchSpec, writes: bool) -> f64 {
        let d = arch.d_model as f64;
        match self {
            Self::Normal { std } => std,
            Self::SmallWang if writes => 2.0 / (arch.layers as f64 * d.sqrt()),
            Self::SmallWang => (0.4 / d).sqrt(),
        }
    }
}

fn check(arch: &ArchSpec) -> Result<()> {
    match arch.init {
        Init::Normal { std } if !(std > 0.0 && std <= 10.0) => {
            Err(Error::range("arch.init.std", std, "above 0, at most 10"))
        }
        Init::Normal { .. } | Init::SmallWang => Ok(()),
    }
}
