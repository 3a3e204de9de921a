use serde_json::{Map, Value};

use crate::{Error, Result};

/// The settings of a `config.json`. A setting that is null counts as one that is not there.
pub(super) struct Config<'a> {
    settings: Map<String, Value>,
    /// Names the file in errors.
    context: &'a str,
}

impl<'a> Config<'a> {
    pub(super) fn parse(text: &str, context: &'a str) -> Result<Self> {
        let settings = serde_json::from_str(text).map_err(|e| Error::parse(context, e))?;
        Ok(Self { settings, context })
    }

    pub(super) fn settings(&self) -> impl Iterator<Item = (&str, &Value)> {
        let given = self.settings.iter().filter(|(_, value)| !value.is_null());
        given.map(|(name, value)| (name.as_str(), value))
    }

    /// Whether the file names the setting, be it as null.
    pub(super) fn names(&self, setting: &str) -> bool {
        self.settings.contains_key(setting)
    }

    /// A setting, or one within another: `rope_parameters.rope_theta`.
    pub(super) fn get(&self, path: &str) -> Option<&Value> {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let outer = self.settings.get(first);
        let value = if rest.is_empty() {
            outer
        } else {
            outer?.get(rest)
        };
        value.filter(|v| !v.is_null())
    }

    pub(super) fn count(&self, path: &str) -> Result<usize> {
        self.optional_count(path)?
            .ok_or_else(|| self.mistyped(path, "a whole number"))
    }

    pub(super) fn optional_count(&self, path: &str) -> Result<Option<usize>> {
        let whole = |v: &Value| v.as_u64().and_then(|v| usize::try_from(v).ok());
        self.typed(path, "a whole number", whole)
    }

    pub(super) fn flag(&self, path: &str, default: bool) -> Result<bool> {
        Ok(self
            .typed(path, "true or false", Value::as_bool)?
            .unwrap_or(default))
    }

    pub(super) fn number(&self, path: &str) -> Result<Option<f64>> {
        self.typed(path, "a number", Value::as_f64)
    }

    /// One number that may stand in several places, where it must be the same.
    pub(super) fn agreed_number(&self, paths: &[&str]) -> Result<Option<f64>> {
        let mut found: Option<(&str, f64)> = None;
        for path in paths {
            let Some(number) = self.number(path)? else {
                continue;
            };
            match found {
                Some((first, other)) if other != number => {
                    let supported = format!("{other}, as `{first}` says");
                    return Err(self.unsupported(path, &number.into(), supported));
                }
                _ => found = Some((path, number)),
            }
        }
        Ok(found.map(|(_, number)| number))
    }

    fn typed<'v, T>(
        &'v self,
        path: &str,
        expected: &str,
        read: impl FnOnce(&'v Value) -> Option<T>,
    ) -> Result<Option<T>> {
        self.get(path)
            .map(|v| read(v).ok_or_else(|| self.mistyped(path, expected)))
            .transpose()
    }

    pub(super) fn mistyped(&self, path: &str, expected: &str) -> Error {
        let reason = match self.get(path) {
            Some(value) => format!("`{path}` = {}, expected {expected}", short(value)),
            None => format!("`{path}` is missing, expected {expected}"),
        };
        Error::parse(self.context, reason)
    }

    pub(super) fn unsupported(
        &self,
        field: &str,
        value: &Value,
        supported: impl ToString,
    ) -> Error {
        Error::Unsupported {
            context: self.context.into(),
            field: field.into(),
            value: short(value),
            supported: supported.to_string(),
        }
    }

    pub(super) fn unknown(&self, field: &str, value: &Value, nearest: Option<&str>) -> Error {
        Error::UnknownSetting {
            context: self.context.into(),
            field: cut(field.into()),
            value: short(value),
            nearest: nearest.map(str::to_owned),
        }
    }
}

/// A value as JSON, cut where it is long.
fn short(value: &Value) -> String {
    cut(value.to_string())
}

fn cut(text: String) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text,
    }
}
