//! The architecture of a series, which every checkpoint must have.

use std::path::Path;

use outcrop_arch::{ArchSpec, HuggingFace};
use outcrop_checkpoint::{Checkpoint, config_text};
use outcrop_core::Error as CoreError;
use outcrop_forward::Published;

use crate::{Error, Result};

/// The architecture in the `config.json` of a checkpoint, or in `config` instead.
///
/// # Errors
/// [`Error::NoConfig`]; else as [`read_config_at`].
pub fn read_config(checkpoint: &Checkpoint, config: Option<&Path>) -> Result<HuggingFace> {
    let Some(path) = config.or(checkpoint.config.as_deref()) else {
        return Err(Error::NoConfig {
            path: checkpoint.folder.clone(),
        });
    };
    read_config_at(path)
}

/// What the `config.json` at `path` says, or the weights there where they say their architecture, as GGUF
/// does.
///
/// # Errors
/// [`Error::Checkpoint`] as [`config_text`]; [`Error::Core`] for what is not supported.
pub fn read_config_at(path: &Path) -> Result<HuggingFace> {
    let text = config_text(path)?;
    let found = HuggingFace::parse(&text, &path.display().to_string());
    Ok(found.map_err(CoreError::from)?)
}

/// Opens a checkpoint for a forward pass, as [`read_config`] reads its config.
///
/// # Errors
/// As [`read_config`] and [`Published::with_arch`].
pub fn open_checkpoint(checkpoint: &Checkpoint, config: Option<&Path>) -> Result<Published> {
    let HuggingFace { arch, family, .. } = read_config(checkpoint, config)?;
    Ok(Published::with_arch(arch, family, &checkpoint.folder)?)
}

/// The fields in which an architecture differs from another, in words.
pub(crate) fn difference(found: &ArchSpec, expected: &ArchSpec) -> Result<Option<String>> {
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
