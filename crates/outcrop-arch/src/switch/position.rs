use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Number, Switch};
use crate::{ArchSpec, Error, Result};

pub(super) static SWITCH: Switch = Switch {
    key: "position",
    about: "How positions enter the model: a table with a `kind`",
    default: "rotary, fraction 0.25, base 10000",
    range: "`fraction` above 0, at most 1; `base` above 1",
    values: KINDS,
    schema,
    check,
    numbers: &[
        Number::real(
            "rotary_fraction",
            |arch| Some(arch.position.rotary()?.fraction),
            |arch, value| {
                if let Position::Rotary { fraction, .. } = &mut arch.position {
                    *fraction = value;
                }
            },
        )
        .feature("rotary fraction", "position"),
        Number::real(
            "rotary_base",
            |arch| Some(arch.position.rotary()?.base),
            |arch, value| {
                if let Position::Rotary { base, .. } = &mut arch.position {
                    *base = value;
                }
            },
        )
        .feature("rotary base", "position"),
    ],
};

const KINDS: &[(&str, &str)] = &[
    (
        "rotary",
        "rotary embedding of the first `fraction` of each head, with `base`, halves rotated",
    ),
    (
        "learned",
        "a learned vector for each position, added to the token embedding",
    ),
    ("alibi", "linear biases on the attention scores"),
    ("none", "none"),
];

fn schema() -> Value {
    let kinds: Vec<_> = KINDS.iter().map(|(kind, _)| kind).collect();
    json!({ "type": "object", "required": ["kind"], "additionalProperties": false, "properties": {
        "kind": { "enum": kinds },
        "fraction": { "type": "number", "exclusiveMinimum": 0, "maximum": 1 },
        "base": { "type": "number", "exclusiveMinimum": 1 },
    } })
}

/// How positions enter the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Position {
    /// Rotary embedding of the first part of each head, halves rotated (Su et al. 2021).
    Rotary {
        /// Share of each head that is rotated, above 0 and at most 1.
        fraction: f64,
        /// Base of the geometric series of wavelengths.
        base: f64,
    },
    /// A learned vector for each position, added to the token embedding.
    Learned,
    /// Linear biases on the attention scores (Press et al. 2021).
    Alibi,
    /// None.
    None,
}

/// A rotary embedding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rotary {
    /// Share of each head that is rotated, above 0 and at most 1.
    pub fraction: f64,
    /// Base of the geometric series of wavelengths, above 1.
    pub base: f64,
}

impl Position {
    /// The rotary embedding, where there is one.
    pub fn rotary(&self) -> Option<Rotary> {
        match *self {
            Self::Rotary { fraction, base } => Some(Rotary { fraction, base }),
            Self::Learned | Self::Alibi | Self::None => None,
        }
    }

    /// Whether each position has a learned vector, added to the token embedding.
    pub fn learned(&self) -> bool {
        match self {
            Self::Learned => true,
            Self::Rotary { .. } | Self::Alibi | Self::None => false,
        }
    }

    /// Whether linear biases are added to the scores.
    pub fn alibi(&self) -> bool {
        match self {
            Self::Alibi => true,
            Self::Rotary { .. } | Self::Learned | Self::None => false,
        }
    }
}

impl Default for Position {
    /// Pythia's: a quarter of each head, base 10000.
    fn default() -> Self {
        Self::Rotary {
            fraction: 0.25,
            base: 10_000.0,
        }
    }
}

fn check(arch: &ArchSpec) -> Result<()> {
    let Some(Rotary { fraction, base }) = arch.position.rotary() else {
        return Ok(());
    };
    if !(fraction > 0.0 && fraction <= 1.0) {
        return Err(Error::range(
            "arch.position.fraction",
            fraction,
            "above 0, at most 1",
        ));
    }
    if !(base > 1.0 && base.is_finite()) {
        return Err(Error::range("arch.position.base", base, "above 1"));
    }
    if arch.rotary_dims() < 2 {
        let allowed = format!("at least 2 / d_head = {}", 2.0 / arch.d_head() as f64);
        return Err(Error::range("arch.position.fraction", fraction, allowed));
    }
    Ok(())
}
