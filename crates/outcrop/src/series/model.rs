//! The architecture of a series, which every checkpoint must have.

use outcrop_core::{ArchSpec, Error as CoreError};
use outcrop_forward::Published;

use crate::{Error, Result};

/// Makes sure that `model` is of the architecture `expected`.
pub(super) fn same(model: &Published, expected: &ArchSpec) -> Result<()> {
    match difference(model.arch(), expected)? {
        None => Ok(()),
        Some(difference) => Err(Error::OtherArchitecture {
            path: model.weights().path().to_owned(),
            difference,
        }),
    }
}

/// The first fields in which two architectures differ.
fn difference(found: &ArchSpec, expected: &ArchSpec) -> Result<Option<String>> {
    let fields = |arch: &ArchSpec| {
        let json = serde_json::to_value(arch);
        json.map_err(|e| Error::Core(CoreError::parse("architecture", e)))
    };
    let (found, expected) = (fields(found)?, fields(expected)?);
    let (Some(found), Some(expected)) = (found.as_object(), expected.as_object()) else {
        return Ok(None);
    };
    let names: std::collections::BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
    let differing = names
        .into_iter()
        .filter(|name| found.get(*name) != expected.get(*name));
    let word = |value: Option<&serde_json::Value>| {
        value.map_or_else(|| "nothing".into(), serde_json::Value::to_string)
    };
    let words: Vec<String> = differing
        .map(|name| {
            let (here, there) = (word(found.get(name)), word(expected.get(name)));
            format!("`{name}` is {here}, not {there}")
        })
        .collect();
    Ok((!words.is_empty()).then(|| words.join(", ")))
}
