//! What was read of the headers of files.

use std::fs::File;
use std::path::PathBuf;

use super::stored::Stored;

/// Open files and their tensors by name.
#[derive(Default)]
pub(super) struct Opened {
    pub(super) files: Vec<(PathBuf, File)>,
    pub(super) tensors: Vec<(String, Stored)>,
    /// The text of a `config.json` of transformers that says the architecture, where the files say it, or why
    /// they do not say all of it.
    pub(super) config: Option<Result<String, String>>,
    /// What else stands in the files: numbers, texts, lists and objects of these.
    pub(super) said: serde_json::Value,
    /// What the user should know of where tensors were found, in sentences without a full stop.
    pub(super) notes: Vec<String>,
}
