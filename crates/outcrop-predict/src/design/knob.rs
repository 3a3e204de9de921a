//! What a design may change: `layers=2..8,d_model=64..512:64,heads`.

use std::fmt;
use std::str::FromStr;

use outcrop_arch::ArchSpec;

use super::number::whole;
use crate::named::unknown;
use crate::{Error, Result};

/// A field of an architecture that a design sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Number of layers.
    Layers,
    /// Width of the residual stream.
    Width,
    /// Number of attention heads; key-value heads are as many.
    Heads,
    /// Width of the MLP.
    MlpWidth,
    /// Longest sequence.
    Context,
    /// Number of tokens.
    Vocab,
}

impl Field {
    pub(super) const ALL: [Self; 6] = [
        Self::Layers,
        Self::Width,
        Self::Heads,
        Self::MlpWidth,
        Self::Context,
        Self::Vocab,
    ];

    /// Its name in specs and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Layers => "layers",
            Self::Width => "d_model",
            Self::Heads => "heads",
            Self::MlpWidth => "d_ff",
            Self::Context => "context",
            Self::Vocab => "vocab",
        }
    }

    /// Its value in `arch`.
    pub fn of(self, arch: &ArchSpec) -> usize {
        match self {
            Self::Layers => arch.layers,
            Self::Width => arch.d_model,
            Self::Heads => arch.heads,
            Self::MlpWidth => arch.d_ff,
            Self::Context => arch.context,
            Self::Vocab => arch.vocab,
        }
    }

    pub(super) fn set(self, arch: &mut ArchSpec, value: usize) {
        match self {
            Self::Layers => arch.layers = value,
            Self::Width => arch.d_model = value,
            Self::Heads => (arch.heads, arch.kv_heads) = (value, value),
            Self::MlpWidth => arch.d_ff = value,
            Self::Context => arch.context = value,
            Self::Vocab => arch.vocab = value,
        }
    }

    fn from_name(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|f| f.name() == name);
        found.ok_or_else(|| unknown("field", name, &Self::ALL.map(Self::name)))
    }
}

/// A field with the values that it may take.
///
/// Written as `FIELD` (the values of the training range), `FIELD=LOW..HIGH` with whole numbers
/// between, `FIELD=LOW..HIGH:STEP`, or `FIELD=A|B|C`.
///
/// ```
/// use outcrop_predict::{Field, Knob};
///
/// let knobs = Knob::list("d_model=64..256:64, heads=1|2|4, d_ff")?;
/// assert_eq!(knobs[0].values, Some(vec![64, 128, 192, 256]));
/// assert_eq!((knobs[1].field, knobs[2].values.clone()), (Field::Heads, None));
/// # Ok::<(), outcrop_predict::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knob {
    /// The field.
    pub field: Field,
    /// Its values, ascending; none for those of the training range.
    pub values: Option<Vec<usize>>,
}

/// Most values of one field.
const MOST_VALUES: usize = 10_000;

impl Knob {
    /// Reads several, separated by commas.
    ///
    /// # Errors
    /// [`Error::Request`], [`Error::UnknownName`]; a field that stands there twice is refused.
    pub fn list(text: &str) -> Result<Vec<Self>> {
        let parts = text.split(',').map(str::trim).filter(|p| !p.is_empty());
        let knobs = parts.map(str::parse).collect::<Result<Vec<Self>>>()?;
        for (i, knob) in knobs.iter().enumerate() {
            if knobs[..i].iter().any(|k| k.field == knob.field) {
                return Err(Error::Request {
                    what: "list of fields",
                    text: text.into(),
                    reason: format!("{} stands there twice", knob.field.name()),
                });
            }
        }
        Ok(knobs)
    }
}

impl FromStr for Knob {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let Some((name, range)) = text.split_once('=') else {
            let field = Field::from_name(text.trim())?;
            return Ok(Self {
                field,
                values: None,
            });
        };
        let field = Field::from_name(name.trim())?;
        let refuse = |reason: String| Error::Request {
            what: "range",
            text: text.into(),
            reason: format!("{reason}; write for example `d_model=64..512:64` or `heads=1|2|4`"),
        };
        let number = |t: &str| {
            whole(t).ok_or_else(|| refuse(format!("`{t}` is no whole number of at least 1")))
        };
        let values = match range.split_once("..") {
            None => {
                let mut values = range
                    .split('|')
                    .map(number)
                    .collect::<Result<Vec<usize>>>()?;
                values.sort_unstable();
                values.dedup();
                values
            }
            Some((low, rest)) => {
                let (high, step) = rest.split_once(':').unwrap_or((rest, "1"));
                let (low, high, step) = (number(low)?, number(high)?, number(step)?);
                if low > high || (high - low) / step >= MOST_VALUES {
                    return Err(refuse(format!("it must hold 1 to {MOST_VALUES} values")));
                }
                (low..=high).step_by(step).collect()
            }
        };
        Ok(Self {
            field,
            values: Some(values),
        })
    }
}

impl fmt::Display for Knob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.field.name();
        match self.values.as_deref() {
            None => write!(f, "{name}"),
            Some([only]) => write!(f, "{name}={only}"),
            Some(values) if values.len() <= 8 => {
                let values: Vec<String> = values.iter().map(usize::to_string).collect();
                write!(f, "{name}={}", values.join("|"))
            }
            Some(values) => {
                let (first, last) = (values[0], values[values.len() - 1]);
                write!(f, "{name}={first}..{last} ({} values)", values.len())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_ranges_are_named() {
        for (text, part) in [
            ("layer=2", "did you mean `layers`"),
            ("layers=2..x", "`x`"),
            ("layers=0..3", "`0`"),
            ("layers=5..3", "1 to 10000 values"),
            ("layers=1..900000", "1 to 10000 values"),
            ("layers=1..9:0", "`0`"),
            ("layers=", "``"),
            ("layers,heads,layers=3", "layers stands there twice"),
        ] {
            let error = Knob::list(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
