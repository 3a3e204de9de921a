use serde::{Deserialize, Serialize};

use super::{Switch, words};

pub(super) static SWITCH: Switch = Switch {
    key: "attention",
    about: "How attention scores become weights",
    default: "`softmax`",
    range: "one of the words below",
    values: WORDS,
    schema: || words(WORDS),
    check: |_| Ok(()),
    knob: None,
};

const WORDS: &[(&str, &str)] = &[("softmax", "causal softmax")];

/// How attention scores become weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attention {
    /// Causal softmax.
    #[default]
    Softmax,
}
