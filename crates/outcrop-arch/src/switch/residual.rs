use serde::{Deserialize, Serialize};

use super::{Switch, words};

pub(super) static SWITCH: Switch = Switch {
    key: "residual",
    about: "How a block adds its two sublayers to the residual stream",
    default: "`parallel`",
    range: "one of the words below",
    values: WORDS,
    schema: || words(WORDS),
    check: |_| Ok(()),
    knob: None,
};

const WORDS: &[(&str, &str)] = &[
    ("parallel", "x + attn(ln1(x)) + mlp(ln2(x))"),
    ("sequential", "y = x + attn(ln1(x)), then y + mlp(ln2(y))"),
];

/// How a block adds its two sublayers to the residual stream x.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Residual {
    /// x + attn(ln1(x)) + mlp(ln2(x)), as Pythia.
    #[default]
    Parallel,
    /// y = x + attn(ln1(x)), then y + mlp(ln2(y)), as GPT-2.
    Sequential,
}
