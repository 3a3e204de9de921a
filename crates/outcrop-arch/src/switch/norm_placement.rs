use serde::{Deserialize, Serialize};

use super::{Switch, words};

pub(super) static SWITCH: Switch = Switch {
    key: "norm_placement",
    about: "Where a block applies its normalisation",
    default: "`pre`",
    range: "one of the words below",
    values: WORDS,
    schema: || words(WORDS),
    check: |_| Ok(()),
    knob: None,
};

const WORDS: &[(&str, &str)] = &[
    ("pre", "before each sublayer"),
    ("post", "after each residual addition"),
    ("peri", "before each sublayer and on its output"),
];

/// Where a block applies its normalisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NormPlacement {
    /// Before each sublayer.
    #[default]
    Pre,
    /// After each residual addition.
    Post,
    /// Before each sublayer and on its output (Peri-LN).
    Peri,
}
