use serde::{Deserialize, Serialize};

use super::{Switch, words};

pub(super) static SWITCH: Switch = Switch {
    key: "norm",
    about: "Which normalisation a block applies",
    default: "`layer-norm`",
    range: "one of the words below",
    values: WORDS,
    schema: || words(WORDS),
    check: |_| Ok(()),
    knob: None,
};

const WORDS: &[(&str, &str)] = &[
    ("layer-norm", "LayerNorm with gain and shift"),
    ("rms-norm", "RMSNorm with gain"),
];

/// Which normalisation a block applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Norm {
    /// LayerNorm with gain and shift (Ba et al. 2016).
    #[default]
    LayerNorm,
    /// RMSNorm with gain (Zhang and Sennrich 2019).
    RmsNorm,
}
