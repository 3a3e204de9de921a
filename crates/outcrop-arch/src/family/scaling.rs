//! How rotary wavelengths are stretched, as the two tables of a `config.json` say it.

use serde_json::{Map, Value, json};

use super::Config;
use super::settings::name::{
    FRACTION, OLDER_ROPE as OLDER, ORIGINAL_CONTEXT as ORIGINAL, ROPE as NEWER, THETA,
};
use crate::{Result, RotaryScaling};

/// The table of version 4, which version 5 takes alone where it is not empty, and that of version 5, which version 4
/// does not know.
pub(super) const TABLES: [&str; 2] = [OLDER, NEWER];

/// What every table may have, beside what its kind has.
const EVERY: [&str; 4] = ["rope_type", "type", THETA, FRACTION];

/// A kind of scaling: its name, what else its table may have, and how that is read.
struct Kind {
    name: &'static str,
    settings: &'static [&'static str],
    read: fn(&Table<'_>) -> Result<RotaryScaling>,
}

/// `original_max_position_embeddings` is read by no version where all wavelengths are stretched alike.
const KINDS: [Kind; 5] = [
    Kind {
        name: "linear",
        settings: &["factor", ORIGINAL],
        read: |table| {
            let factor = table.number("factor")?;
            Ok(RotaryScaling::Linear { factor })
        },
    },
    Kind {
        name: "dynamic",
        settings: &["factor", ORIGINAL],
        read: |table| {
            Ok(RotaryScaling::Dynamic {
                factor: table.number("factor")?,
                original_context: table.context,
            })
        },
    },
    Kind {
        name: "yarn",
        settings: &[
            "factor",
            ORIGINAL,
            "attention_factor",
            "beta_fast",
            "beta_slow",
            "mscale",
            "mscale_all_dim",
            "truncate",
        ],
        read: yarn,
    },
    Kind {
        name: "longrope",
        settings: &[
            "factor",
            ORIGINAL,
            "attention_factor",
            "short_factor",
            "long_factor",
        ],
        read: long_rope,
    },
    Kind {
        name: "llama3",
        settings: &["factor", ORIGINAL, "low_freq_factor", "high_freq_factor"],
        read: |table| {
            let inner = table.config.get(&table.path(ORIGINAL));
            if table.older() && inner.is_none() {
                return Err(table.mistyped(ORIGINAL, "a whole number"));
            }
            Ok(RotaryScaling::Llama3 {
                factor: table.number("factor")?,
                low_frequency_factor: table.number("low_freq_factor")?,
                high_frequency_factor: table.number("high_freq_factor")?,
                original_context: table.original(Inner::Read)?,
            })
        },
    },
];

/// Which scalings a family has and what it calls them.
pub(super) struct Dialect {
    /// `original_max_position_embeddings` outside of tables, where the file does not say it.
    pub(super) original: Option<usize>,
    /// The family's name of a kind, and the common one.
    pub(super) kinds: &'static [(&'static str, &'static str)],
}

/// All of them.
pub(super) const COMMON: Dialect = Dialect {
    original: None,
    kinds: &[
        ("linear", "linear"),
        ("dynamic", "dynamic"),
        ("yarn", "yarn"),
        ("longrope", "longrope"),
        ("llama3", "llama3"),
    ],
};

/// A table that is in use.
struct Table<'a> {
    config: &'a Config<'a>,
    dialect: &'a Dialect,
    name: &'static str,
    /// `max_position_embeddings`.
    context: usize,
}

/// Whether version 4 reads `original_max_position_embeddings` within the table; if not, it reads the one outside.
#[derive(Clone, Copy, PartialEq)]
enum Inner {
    Read,
    Ignored,
}

/// The scaling on which all versions of transformers agree; none where wavelengths stay as they are. `context` is
/// `max_position_embeddings`.
pub(super) fn read(
    config: &Config<'_>,
    dialect: &Dialect,
    context: usize,
) -> Result<Option<RotaryScaling>> {
    let mut used = NEWER;
    for name in TABLES {
        match config.get(name) {
            None => {}
            Some(Value::Object(settings)) if settings.is_empty() => {}
            Some(Value::Object(_)) => {
                used = name;
                break;
            }
            Some(_) => return Err(config.mistyped(name, "an object")),
        }
    }
    let table = Table {
        config,
        dialect,
        name: used,
        context,
    };
    let kind = table.kind()?;
    table.known(kind)?;
    kind.map(|kind| (kind.read)(&table)).transpose()
}

/// The table of version 5 of a scaling, without base and fraction.
pub(super) fn write(scaling: Option<&RotaryScaling>) -> Value {
    match scaling {
        None => json!({ "rope_type": "default" }),
        Some(RotaryScaling::Linear { factor }) => {
            json!({ "rope_type": "linear", "factor": factor })
        }
        Some(RotaryScaling::Dynamic {
            factor,
            original_context: _,
        }) => json!({ "rope_type": "dynamic", "factor": factor }),
        Some(RotaryScaling::Yarn {
            factor,
            original_context,
            beta_fast,
            beta_slow,
            truncate,
            attention_factor,
        }) => json!({
            "rope_type": "yarn",
            "factor": factor,
            ORIGINAL: original_context,
            "beta_fast": beta_fast,
            "beta_slow": beta_slow,
            "truncate": truncate,
            "attention_factor": attention_factor,
        }),
        Some(RotaryScaling::LongRope {
            short_factors,
            long_factors,
            original_context,
            attention_factor,
        }) => json!({
            "rope_type": "longrope",
            "short_factor": short_factors,
            "long_factor": long_factors,
            ORIGINAL: original_context,
            "attention_factor": attention_factor,
        }),
        Some(RotaryScaling::Llama3 {
            factor,
            low_frequency_factor,
            high_frequency_factor,
            original_context,
        }) => json!({
            "rope_type": "llama3",
            "factor": factor,
            "low_freq_factor": low_frequency_factor,
            "high_freq_factor": high_frequency_factor,
            ORIGINAL: original_context,
        }),
    }
}

impl Table<'_> {
    fn path(&self, setting: &str) -> String {
        format!("{}.{setting}", self.name)
    }

    /// Whether version 4 reads it, too.
    fn older(&self) -> bool {
        self.name == OLDER
    }

    fn mistyped(&self, setting: &str, expected: &str) -> crate::Error {
        self.config.mistyped(&self.path(setting), expected)
    }

    /// Version 4 goes by `type` where both are there, version 5 by `rope_type`.
    fn kind(&self) -> Result<Option<&'static Kind>> {
        let [newer, older] = ["rope_type", "type"].map(|setting| self.path(setting));
        let given = [&newer, &older].map(|path| self.config.given(path));
        let (path, value) = match given {
            [None, None] => return Ok(None),
            [Some(newer_value), Some(value)] if newer_value != value => {
                let supported =
                    format!("{value}, as `{older}` says; let them agree, or remove one");
                return Err(self.config.unsupported(&newer, newer_value, supported));
            }
            [Some(value), _] => (newer, value),
            [None, Some(value)] => (older, value),
        };
        if value == "default" {
            return Ok(None);
        }
        let own = self.dialect.kinds;
        let known = own.iter().find(|(own, _)| value == own);
        let found = known.and_then(|(_, name)| KINDS.iter().find(|kind| kind.name == *name));
        found.map(Some).ok_or_else(|| {
            let names: Vec<_> = own.iter().map(|(own, _)| *own).collect();
            let supported = format!("default, {}", names.join(", "));
            self.config.unsupported(&path, value, supported)
        })
    }

    /// Refuses the first setting that this kind does not have.
    fn known(&self, kind: Option<&Kind>) -> Result<()> {
        let own = kind.map_or(&[][..], |kind| kind.settings);
        let known = |name: &str| EVERY.contains(&name) || own.contains(&name);
        let settings = self.config.get(self.name).and_then(Value::as_object);
        let given: Vec<(&String, &Value)> = settings.into_iter().flat_map(Map::iter).collect();
        match given
            .iter()
            .find(|(name, value)| !value.is_null() && !known(name))
        {
            Some((name, value)) => Err(self.config.unknown(&self.path(name), value, None)),
            None => Ok(()),
        }
    }

    fn number(&self, setting: &str) -> Result<f64> {
        let number = self.config.number(&self.path(setting))?;
        number.ok_or_else(|| self.mistyped(setting, "a number"))
    }

    /// A number for which null stands for none.
    fn optional(&self, setting: &str) -> Result<Option<f64>> {
        match self.config.get(&self.path(setting)) {
            None => Ok(None),
            Some(_) => self.number(setting).map(Some),
        }
    }

    fn numbers(&self, setting: &str) -> Result<Vec<f64>> {
        let given = self.config.get(&self.path(setting));
        let all = given.and_then(Value::as_array);
        let numbers = all.and_then(|all| all.iter().map(Value::as_f64).collect());
        numbers.ok_or_else(|| self.mistyped(setting, "a list of numbers"))
    }

    /// Tokens of a sequence in training, outside of the table.
    fn outside(&self) -> Result<Option<usize>> {
        let given = self.config.optional_count(ORIGINAL)?;
        Ok(given.or(self.dialect.original))
    }

    /// Tokens of a sequence in training: outside the table, else within, else the longest sequence, as version 5 reads
    /// it.
    fn original(&self, inner: Inner) -> Result<usize> {
        let path = self.path(ORIGINAL);
        let outside = self.outside()?;
        let within = match self.config.given(&path) {
            None => None,
            Some(_) => Some(self.config.count(&path)?), // null is nothing to some versions alone
        };
        let original = outside.or(within).unwrap_or(self.context);
        let before = match inner {
            Inner::Read => within.unwrap_or(self.context),
            Inner::Ignored => outside.unwrap_or(self.context),
        };
        if self.older() && before != original {
            let supported = format!(
                "{before}, which versions of transformers before 5 take; say the same in `{ORIGINAL}` and `{path}`"
            );
            let place = if outside.is_some() { ORIGINAL } else { &path };
            return Err(self.config.unsupported(place, &original.into(), supported));
        }
        Ok(original)
    }
}

/// 0.1 m ln(factor) + 1.
fn magnitude(factor: f64, m: f64) -> f64 {
    if factor <= 1.0 {
        return 1.0;
    }
    0.1 * m * factor.ln() + 1.0
}

/// Null and 0 stand for the defaults.
fn yarn(table: &Table<'_>) -> Result<RotaryScaling> {
    let factor = table.number("factor")?;
    let or = |given: Option<f64>, default| given.filter(|x| *x != 0.0).unwrap_or(default);
    let [one, all] = ["mscale", "mscale_all_dim"].map(|setting| table.optional(setting));
    let attention_factor = match (
        table.optional("attention_factor")?,
        or(one?, 0.0),
        or(all?, 0.0),
    ) {
        (Some(given), _, _) => given,
        (None, one, all) if one != 0.0 && all != 0.0 => {
            magnitude(factor, one) / magnitude(factor, all)
        }
        (None, _, _) => magnitude(factor, 1.0),
    };
    Ok(RotaryScaling::Yarn {
        factor,
        original_context: table.original(Inner::Read)?,
        beta_fast: or(table.optional("beta_fast")?, 32.0),
        beta_slow: or(table.optional("beta_slow")?, 1.0),
        truncate: table.config.flag(&table.path("truncate"), true)?,
        attention_factor,
    })
}

/// Version 4 puts the ratio of both lengths in the place of the factor where the shorter one stands outside of the
/// table.
fn long_rope(table: &Table<'_>) -> Result<RotaryScaling> {
    let original_context = table.original(Inner::Ignored)?;
    let ratio = table.context as f64 / original_context as f64;
    let factor = table.optional("factor")?;
    let outside = table.outside()?.is_some();
    let attention_factor = match (table.optional("attention_factor")?, factor) {
        (Some(given), _) => given,
        (None, Some(factor)) if table.older() && outside && factor != ratio => {
            let supported = format!(
                "{ratio}, the ratio of `max_position_embeddings` and `{ORIGINAL}`, which versions of transformers \
                 before 5 take; say `attention_factor`"
            );
            let path = table.path("factor");
            return Err(table.config.unsupported(&path, &json!(factor), supported));
        }
        (None, factor) => match factor.unwrap_or(ratio) {
            factor if factor <= 1.0 => 1.0,
            factor => (1.0 + factor.ln() / (original_context as f64).ln()).sqrt(),
        },
    };
    Ok(RotaryScaling::LongRope {
        short_factors: table.numbers("short_factor")?,
        long_factors: table.numbers("long_factor")?,
        original_context,
        attention_factor,
    })
}
