//! The fields that a design varies: `layers=2..8,d_model=64..512:64,heads`.

use std::fmt;
use std::str::FromStr;

use outcrop_arch::{ArchSpec, Number, numbers};

use super::number::whole;
use crate::named::unknown;
use crate::{Error, Result};

/// A field of an architecture that a design sets: a whole [`Number`] with a knob. Heads change the number of
/// key-value heads too.
#[derive(Clone, Copy)]
pub struct Field(&'static Number);

impl Field {
    fn all() -> impl Iterator<Item = Self> {
        numbers().filter(|number| number.knob).map(Self)
    }

    /// Its name in specs and tables.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Its value in `arch`.
    pub fn of(self, arch: &ArchSpec) -> usize {
        self.0.of(arch).unwrap_or_default() as usize
    }

    pub(super) fn set(self, arch: &mut ArchSpec, value: usize) {
        self.0.set(arch, value as f64);
    }

    /// Whether a feature is this number.
    pub(super) fn is_feature(self) -> bool {
        self.0.feature.is_some()
    }

    /// The field of this name.
    ///
    /// ```
    /// use outcrop_predict::Field;
    ///
    /// assert_eq!(Field::from_name("d_ff")?.name(), "d_ff");
    /// assert!(Field::from_name("norm").is_err());
    /// # Ok::<(), outcrop_predict::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownName`] with the nearest name.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::all().find(|f| f.name() == name).ok_or_else(|| {
            let names: Vec<_> = Self::all().map(Self::name).collect();
            unknown("field", name, &names)
        })
    }
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Field {}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A field with the values that it may take.
///
/// Written as `FIELD` (the values of the training range), `FIELD=LOW..HIGH` with whole numbers
/// between, `FIELD=LOW..HIGH:STEP`, or `FIELD=A|B|C`.
///
/// ```
/// use outcrop_predict::Knob;
///
/// let knobs = Knob::list("d_model=64..256:64, heads=1|2|4, d_ff")?;
/// assert_eq!(knobs[0].values, Some(vec![64, 128, 192, 256]));
/// assert_eq!((knobs[1].field.name(), knobs[2].values.clone()), ("heads", None));
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
    /// [`Error::Request`], [`Error::UnknownName`]; a field that is listed twice is refused.
    pub fn list(text: &str) -> Result<Vec<Self>> {
        let parts = text.split(',').map(str::trim).filter(|p| !p.is_empty());
        let knobs = parts.map(str::parse).collect::<Result<Vec<Self>>>()?;
        for (i, knob) in knobs.iter().enumerate() {
            if knobs[..i].iter().any(|k| k.field == knob.field) {
                return Err(Error::Request {
                    what: "list of fields",
                    text: text.into(),
                    reason: format!("{} is listed twice", knob.field.name()),
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
            ("layers,heads,layers=3", "layers is listed twice"),
        ] {
            let error = Knob::list(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
