//! The section `[design]` of a profile.

use outcrop_core::{Document, Error as CoreError};
use toml::Value;

use super::budget::Budget;
use super::factor::{Factor, Values};
use super::points::{KINDS, Kind};
use super::{Design, sobol};
use crate::{Error, Result};

/// Keys of the section `design` that are no factors.
const KEYS: [&str; 6] = ["kind", "runs", "seed", "tries", "all_seeds_every", "budget"];
/// Sections of a spec in which factors are.
const SECTIONS: [&str; 5] = ["arch", "data", "train", "schedule", "measure"];
impl Design {
    /// Reads the section; none where the profile has none.
    ///
    /// # Errors
    /// With the place of the key at fault.
    pub(in crate::pipeline) fn read(profile: &Document) -> Result<Option<Self>> {
        let Some(section) = profile.table().get("design") else {
            return Ok(None);
        };
        let wrong = |key: &str, reason: String| -> Error {
            let error = CoreError::parse("design", reason);
            profile.locate("design", Some(key), error).into()
        };
        let table = section.as_table();
        let table = table.ok_or_else(|| wrong("", "`design` must be a section".into()))?;
        let number = |key: &str, default: Option<u64>| match table.get(key) {
            None => default.ok_or_else(|| wrong("kind", format!("`{key}` is missing"))),
            Some(value) => {
                let number = value.as_integer().and_then(|n| u64::try_from(n).ok());
                number.ok_or_else(|| wrong(key, format!("`{key}` is a whole number, 0 or more")))
            }
        };
        let words = KINDS.map(|(word, _)| word).join(", ");
        let word = table.get("kind").and_then(Value::as_str);
        let kind = KINDS.iter().find(|(known, _)| Some(*known) == word);
        let kind = kind
            .ok_or_else(|| wrong("kind", format!("`kind` is one of {words}")))?
            .1;
        let runs = match kind {
            Kind::Grid if table.contains_key("runs") => {
                return Err(wrong(
                    "runs",
                    "a grid has as many runs as combinations; leave out `runs`".into(),
                ));
            }
            Kind::Grid => usize::MAX,
            Kind::Random | Kind::Sobol => number("runs", None)? as usize,
        };
        let budget = table.get("budget").and_then(Value::as_table).cloned();
        let budget = Budget::read(&budget.unwrap_or_default())
            .map_err(|(key, reason)| wrong(&format!("budget.{key}"), reason))?;
        let design = Self {
            kind,
            runs,
            seed: number("seed", Some(0))?,
            tries: if kind == Kind::Grid {
                1
            } else {
                number("tries", Some(1))?.clamp(1, 10_000)
            },
            all_seeds_every: number("all_seeds_every", Some(1))? as usize,
            factors: factors(profile, table)?,
            budget,
        };
        if design.all_seeds_every == 0 {
            let reason = "`all_seeds_every` is at least 1".to_owned();
            return Err(wrong("all_seeds_every", reason));
        }
        design.check().map_err(|reason| wrong("kind", reason))?;
        Ok(Some(design))
    }

    fn check(&self) -> Result<(), String> {
        let (count, most) = (self.factors.len(), sobol::DIMENSIONS);
        if count == 0 {
            return Err(
                "it varies nothing; give it factors, such as [design.arch] with layers = [1, 2, 4]"
                    .into(),
            );
        }
        if self.runs == 0 {
            return Err("`runs` is at least 1".into());
        }
        match self.kind {
            Kind::Sobol if count > most => Err(format!(
                "{count} factors, of which Sobol's sequence takes {most}; `random` takes more"
            )),
            Kind::Grid => match self.factors.iter().find(|f| f.values.count().is_none()) {
                Some(factor) => Err(format!(
                    "a grid needs a list of values for `{}`",
                    factor.path
                )),
                None => Ok(()),
            },
            Kind::Sobol | Kind::Random => Ok(()),
        }
    }
}

/// The factors of the sections, in the order of their paths.
fn factors(profile: &Document, design: &toml::Table) -> Result<Vec<Factor>> {
    let mut found = Vec::new();
    for (key, value) in design
        .iter()
        .filter(|(key, _)| !KEYS.contains(&key.as_str()))
    {
        let error = |path: &str, reason: String| -> Error {
            let error = CoreError::parse("design", reason);
            profile.locate("design", Some(path), error).into()
        };
        if !SECTIONS.contains(&key.as_str()) {
            let known = KEYS
                .into_iter()
                .chain(SECTIONS)
                .collect::<Vec<_>>()
                .join(", ");
            return Err(error(
                key,
                format!("unknown key `{key}`; known keys: {known}"),
            ));
        }
        let mut open = vec![(key.clone(), value)];
        while let Some((path, value)) = open.pop() {
            match (Values::read(value), value) {
                (Some(values), _) => found.push(Factor {
                    place: profile.place(&format!("design.{path}")).to_owned(),
                    values: values.map_err(|reason| error(&path, format!("`{path}`: {reason}")))?,
                    path,
                }),
                (None, Value::Table(inner)) => {
                    open.extend(
                        inner
                            .iter()
                            .map(|(key, value)| (format!("{path}.{key}"), value)),
                    );
                }
                (None, _) => {}
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}
