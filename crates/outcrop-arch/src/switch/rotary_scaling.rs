use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Switch;
use crate::{ArchSpec, Error, Result};

pub(super) static SWITCH: Switch = Switch {
    key: "rotary_scaling",
    about: "How the wavelengths of a rotary embedding are stretched for longer sequences: a table with a `kind`",
    default: "none",
    range: "factors above 0, `original_context` at least 1; rotary positions",
    values: KINDS,
    schema,
    check,
    numbers: &[],
};

const KINDS: &[(&str, &str)] = &[
    ("linear", "all wavelengths times `factor`"),
    (
        "dynamic",
        "in sequences longer than `original_context` the base grows with the length, by `factor`",
    ),
    (
        "yarn",
        "wavelengths that turn less than `beta_slow` times within `original_context` times `factor`, those that turn \
         more than `beta_fast` times as they are, between them a ramp, whose ends are whole pairs where `truncate`; \
         cosines and sines times `attention_factor`",
    ),
    (
        "long-rope",
        "each wavelength times its own factor: of `long_factors` in sequences longer than `original_context`, else of \
         `short_factors`; cosines and sines times `attention_factor`",
    ),
    (
        "llama3",
        "wavelengths above `original_context` / `low_frequency_factor` times `factor`, those below `original_context` / \
         `high_frequency_factor` as they are, interpolated between them",
    ),
];

fn schema() -> Value {
    let kinds: Vec<_> = KINDS.iter().map(|(kind, _)| kind).collect();
    let factor = || json!({ "type": "number", "exclusiveMinimum": 0 });
    let factors = || json!({ "type": "array", "items": factor() });
    json!({ "type": "object", "required": ["kind"], "additionalProperties": false, "properties": {
        "kind": { "enum": kinds },
        "factor": factor(),
        "original_context": { "type": "integer", "minimum": 1 },
        "beta_fast": factor(),
        "beta_slow": factor(),
        "truncate": { "type": "boolean" },
        "attention_factor": factor(),
        "short_factors": factors(),
        "long_factors": factors(),
        "low_frequency_factor": factor(),
        "high_frequency_factor": factor(),
    } })
}

/// How the wavelengths of a rotary embedding are stretched, for sequences longer than those that a model was trained
/// on. [`Angles`](crate::Angles) has the formulas.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum RotaryScaling {
    /// All of them (Chen et al. 2023).
    Linear {
        /// By what they are multiplied, above 0.
        factor: f64,
    },
    /// By the length of the sequence, where it is longer than the model was trained on (NTK-aware).
    Dynamic {
        /// How much longer sequences may be, above 0.
        factor: f64,
        /// Tokens of a sequence up to which nothing is stretched.
        original_context: usize,
    },
    /// By how often a pair of channels turns within the context (YaRN, Peng et al. 2023).
    Yarn {
        /// By what the longest are multiplied, above 0.
        factor: f64,
        /// Tokens of a sequence in training.
        original_context: usize,
        /// Pairs that turn more often stay as they are.
        beta_fast: f64,
        /// Pairs that turn less often are stretched in full.
        beta_slow: f64,
        /// Whether the ramp between these two begins and ends at whole pairs.
        truncate: bool,
        /// By what cosines and sines are multiplied, above 0.
        attention_factor: f64,
    },
    /// Each by its own factor (LongRoPE, Ding et al. 2024).
    LongRope {
        /// Of sequences up to the original context, one for each pair, above 0.
        short_factors: Vec<f64>,
        /// Of longer ones.
        long_factors: Vec<f64>,
        /// Tokens of a sequence in training.
        original_context: usize,
        /// By what cosines and sines are multiplied, above 0.
        attention_factor: f64,
    },
    /// By their length (Llama 3.1).
    Llama3 {
        /// By what the longest are multiplied, above 0.
        factor: f64,
        /// Wavelengths longer than the original context divided by it are stretched in full.
        low_frequency_factor: f64,
        /// Wavelengths shorter than the original context divided by it stay as they are; above the other.
        high_frequency_factor: f64,
        /// Tokens of a sequence in training.
        original_context: usize,
    },
}

impl RotaryScaling {
    /// Its numbers that are above 0, by name.
    fn positive(&self) -> Vec<(&'static str, f64)> {
        let context = |tokens: &usize| ("original_context", *tokens as f64);
        match self {
            Self::Linear { factor } => vec![("factor", *factor)],
            Self::Dynamic {
                factor,
                original_context,
            } => vec![("factor", *factor), context(original_context)],
            Self::Yarn {
                factor,
                original_context,
                beta_fast,
                beta_slow,
                truncate: _,
                attention_factor,
            } => vec![
                ("factor", *factor),
                context(original_context),
                ("beta_fast", *beta_fast),
                ("beta_slow", *beta_slow),
                ("attention_factor", *attention_factor),
            ],
            Self::LongRope {
                short_factors,
                long_factors,
                original_context,
                attention_factor,
            } => {
                let short = short_factors.iter().map(|f| ("short_factors", *f));
                let long = long_factors.iter().map(|f| ("long_factors", *f));
                let rest = [
                    context(original_context),
                    ("attention_factor", *attention_factor),
                ];
                short.chain(long).chain(rest).collect()
            }
            Self::Llama3 {
                factor,
                low_frequency_factor,
                high_frequency_factor,
                original_context,
            } => vec![
                ("factor", *factor),
                ("low_frequency_factor", *low_frequency_factor),
                ("high_frequency_factor", *high_frequency_factor),
                context(original_context),
            ],
        }
    }
}

fn check(arch: &ArchSpec) -> Result<()> {
    let Some(scaling) = &arch.rotary_scaling else {
        return Ok(());
    };
    let field = |name: &str| format!("arch.rotary_scaling.{name}");
    if arch.position.rotary().is_none() {
        let allowed = "not given where positions are not rotary";
        return Err(Error::range("arch.rotary_scaling", "given", allowed));
    }
    for (name, number) in scaling.positive() {
        if !(number > 0.0 && number.is_finite()) {
            return Err(Error::range(field(name), number, "above 0"));
        }
    }
    match scaling {
        RotaryScaling::LongRope {
            short_factors,
            long_factors,
            ..
        } => {
            let pairs = arch.rotary_dims() / 2;
            for (name, factors) in [
                ("short_factors", short_factors),
                ("long_factors", long_factors),
            ] {
                if factors.len() != pairs {
                    let allowed = format!("{pairs}, one for each pair of rotated channels");
                    let given = format!("{} numbers", factors.len());
                    return Err(Error::range(field(name), given, allowed));
                }
            }
        }
        RotaryScaling::Llama3 {
            low_frequency_factor: low,
            high_frequency_factor: high,
            ..
        } if low >= high => {
            let allowed = format!("above `low_frequency_factor`, {low}");
            return Err(Error::range(field("high_frequency_factor"), high, allowed));
        }
        RotaryScaling::Dynamic { .. } if arch.rotary_dims() < 4 => {
            let allowed = "linear, yarn, long-rope, llama3 where two channels are rotated";
            return Err(Error::range(field("kind"), "dynamic", allowed));
        }
        RotaryScaling::Linear { .. }
        | RotaryScaling::Dynamic { .. }
        | RotaryScaling::Yarn { .. }
        | RotaryScaling::Llama3 { .. } => {}
    }
    Ok(())
}
