use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::near;
use crate::weights::Layout;
use crate::{Error, Result, Weights};

/// The text of the `config.json` at `path`, or of one that says what the weights there say of their
/// architecture, as GGUF does: see [`Checkpoint::config`](crate::Checkpoint::config).
///
/// # Errors
/// As [`Weights::open`]; [`Error::Config`] for weights that do not say their architecture, or not all of it;
/// [`Error::Core`] with the path.
pub fn config_text(path: &Path) -> Result<String> {
    if is_json(path) {
        let text = std::fs::read_to_string(path).map_err(|e| Error::io("read", path, e))?;
        outcrop_core::refuse_lfs_pointer(path, text.as_bytes())?;
        return Ok(text);
    }
    let weights = Weights::open(path)?;
    let said = weights.config()?.map(str::to_owned);
    said.ok_or_else(|| Error::Config {
        path: path.into(),
        reason: "its weights do not say it".into(),
    })
}

/// Whether a file is JSON by its name, or begins as an object does.
fn is_json(path: &Path) -> bool {
    let mut head = [0; 16];
    let mut begins = || {
        let read = File::open(path).and_then(|mut file| file.read(&mut head));
        let read = read.unwrap_or(0);
        head[..read].trim_ascii_start().starts_with(b"{")
    };
    path.extension().is_some_and(|e| e == "json") || begins()
}

/// What says the architecture of a checkpoint.
pub(super) fn of(checkpoint: &Path, layout: &Layout) -> Option<PathBuf> {
    let itself = || std::path::absolute(checkpoint).ok();
    if layout.format.says_config {
        return itself();
    }
    // safetensors hold no more than tensors
    let may_say = layout
        .files
        .iter()
        .all(|file| file.extension().is_none_or(|e| e != "safetensors"));
    let says = || {
        may_say
            && Weights::open(checkpoint).is_ok_and(|weights| !matches!(weights.config(), Ok(None)))
    };
    let beside = near::config(checkpoint);
    // of an adapter, the config of its base model
    let beside = beside.or_else(|| near::config_of(layout.files.last()?));
    // OLMo-core has a `config.json` of its own, which the weights are read by
    let others = |path: &PathBuf| {
        may_say && near::json(path).is_some_and(|config| !near::is_of_transformers(&config))
    };
    match beside {
        Some(path) if !others(&path) => Some(path),
        beside => itself().filter(|_| says()).or(beside),
    }
}
