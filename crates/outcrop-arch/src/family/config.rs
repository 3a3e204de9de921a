use serde_json::{Map, Value};

use crate::{Error, Result};

/// The settings of a `config.json`. What null means depends on the setting: where transformers takes a
/// default for it, it counts as one that is not there; where it fails or versions differ, it is refused.
#[derive(Debug)]
pub struct Config<'a> {
    settings: Map<String, Value>,
    /// Names the file in errors.
    context: &'a str,
}

impl<'a> Config<'a> {
    pub(crate) fn parse(text: &str, context: &'a str) -> Result<Self> {
        let settings = serde_json::from_str(text).map_err(|e| Error::parse(context, e))?;
        Ok(Self { settings, context })
    }

    /// The same file with another value of a setting.
    pub(super) fn with(&self, setting: &str, value: Value) -> Self {
        let mut settings = self.settings.clone();
        settings.insert(setting.to_owned(), value);
        Self { settings, ..*self }
    }

    /// The same file with the usual name of each setting that it calls otherwise: pairs of the usual name and another.
    pub(super) fn renamed(&self, names: &[[&'static str; 2]]) -> Result<Self> {
        let mut settings = self.settings.clone();
        for [name, other] in names {
            let Some(given) = settings.remove(*other).filter(|given| !given.is_null()) else {
                continue;
            };
            match self.given(name) {
                Some(usual) if *usual != given => {
                    let supported =
                        format!("{usual}, as `{name}` says; let them agree, or remove one");
                    return Err(self.unsupported(other, &given, supported));
                }
                Some(_) => {}
                None => {
                    settings.insert((*name).to_owned(), given);
                }
            }
        }
        Ok(Self { settings, ..*self })
    }

    pub(crate) fn settings(&self) -> impl Iterator<Item = (&str, &Value)> {
        let all = self.settings.iter();
        all.map(|(name, value)| (name.as_str(), value))
    }

    /// Whether the file names the setting, be it as null.
    pub fn names(&self, setting: &str) -> bool {
        self.settings.contains_key(setting)
    }

    /// A setting, or one within another: `rope_parameters.rope_theta`. It may be null.
    pub fn given(&self, path: &str) -> Option<&Value> {
        let mut names = path.split('.');
        let first = self.settings.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))
    }

    /// The same of a setting for which null is as good as nothing.
    pub fn get(&self, path: &str) -> Option<&Value> {
        self.given(path).filter(|v| !v.is_null())
    }

    /// A whole number that must be there.
    ///
    /// # Errors
    /// [`Error::Parse`].
    pub fn count(&self, path: &str) -> Result<usize> {
        self.optional_count(path)?
            .ok_or_else(|| self.mistyped(path, "a whole number"))
    }

    /// A whole number; none where it is null or not there.
    ///
    /// # Errors
    /// [`Error::Parse`] for anything else.
    pub fn optional_count(&self, path: &str) -> Result<Option<usize>> {
        let whole = |v: &Value| v.as_u64().and_then(|v| usize::try_from(v).ok());
        self.typed(path, self.get(path), "a whole number", whole)
    }

    /// Null is false to older versions of transformers and refused by newer ones: false where that is
    /// the default too, else refused.
    ///
    /// # Errors
    /// [`Error::Parse`].
    pub fn flag(&self, path: &str, default: bool) -> Result<bool> {
        let given = match default {
            true => self.given(path),
            false => self.get(path),
        };
        let read = self.typed(path, given, "true or false", Value::as_bool)?;
        Ok(read.unwrap_or(default))
    }

    /// A number, if it is there. No version of transformers computes anything with one that is null.
    ///
    /// # Errors
    /// [`Error::Parse`].
    pub fn number(&self, path: &str) -> Result<Option<f64>> {
        self.typed(path, self.given(path), "a number", Value::as_f64)
    }

    /// A number; none where it is null or not there.
    ///
    /// # Errors
    /// [`Error::Parse`].
    pub fn optional_number(&self, path: &str) -> Result<Option<f64>> {
        self.typed(path, self.get(path), "a number or null", Value::as_f64)
    }

    fn typed<T>(
        &self,
        path: &str,
        given: Option<&Value>,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>> {
        given
            .map(|v| read(v).ok_or_else(|| self.mistyped(path, expected)))
            .transpose()
    }

    /// An error of a setting that is missing or of another type.
    pub fn mistyped(&self, path: &str, expected: &str) -> Error {
        let reason = match self.given(path) {
            Some(value) => format!("`{path}` = {}, expected {expected}", short(value)),
            None => format!("`{path}` is missing, expected {expected}"),
        };
        Error::parse(self.context, reason)
    }

    /// An error of a setting whose value would compute something else.
    pub fn unsupported(&self, field: &str, value: &Value, supported: impl ToString) -> Error {
        Error::Unsupported {
            context: self.context.into(),
            field: field.into(),
            value: short(value),
            supported: supported.to_string(),
        }
    }

    pub(crate) fn unknown(&self, field: &str, value: &Value, nearest: Option<&str>) -> Error {
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
