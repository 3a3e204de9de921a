use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{Error, Result, write_atomic};

/// The origin of an output, written beside every output as `provenance.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// Version of the tool.
    pub version: String,
    /// Git revision of the tool, where it was built from a checkout.
    pub git_revision: Option<String>,
    /// SHA-256 of the resolved spec.
    pub spec_sha256: Option<String>,
    /// SHA-256 of the corpus.
    pub corpus_sha256: Option<String>,
    /// SHA-256 of each input, by name.
    pub inputs_sha256: BTreeMap<String, String>,
    /// Backend that computed it, such as `flex`.
    pub backend: Option<String>,
    /// How it multiplied matrices on the CPU, `vectors` or `tiles` (`outcrop_gemm::ProductKernel`), which round differently.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub products: Option<String>,
    /// Seed of every random number in it.
    pub seed: Option<u64>,
    /// The command that made it, where one did.
    pub command: Option<String>,
    /// Changes to inputs, such as prefixes that were removed from names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Provenance {
    /// Writes it as JSON, completely or not at all.
    ///
    /// # Errors
    /// [`Error::Io`] with the path.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|e| Error::parse(path.display().to_string(), e))?;
        text.push('\n');
        write_atomic(path, text.as_bytes())
    }

    /// Reads it back.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Parse`] with the path.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::io("read", path, e))?;
        serde_json::from_str(&text).map_err(|e| Error::parse(path.display().to_string(), e))
    }
}
