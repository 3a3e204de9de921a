//! The `config.json` that belongs to a checkpoint.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::names::CheckpointName;

/// What transformers calls it, and OLMo-core its own.
const CONFIG: &str = "config.json";
/// The folder of a run in which its checkpoints are.
pub(crate) const CHECKPOINTS: &str = "checkpoints";
/// The longest that is read.
const LONGEST: u64 = 100_000_000;

/// The `config.json` of a checkpoint: in its folder, or in the folder of the series to which its
/// name says that it belongs, or in that of the run whose `checkpoints` the series is. Trainers that save
/// weights alone leave it there.
pub(crate) fn config(checkpoint: &Path) -> Option<PathBuf> {
    let checkpoint = std::path::absolute(checkpoint).ok()?;
    let mut folder = match checkpoint.is_file() {
        true => checkpoint.parent()?,
        false => &checkpoint,
    };
    loop {
        let config = folder.join(CONFIG);
        if config.is_file() {
            return Some(config);
        }
        let name = folder.file_name()?.to_string_lossy();
        if name != CHECKPOINTS && CheckpointName::parse(&name).is_none() {
            return None;
        }
        folder = folder.parent()?;
    }
}

/// The `config.json` of the folder of a file.
pub(crate) fn config_of(file: &Path) -> Option<PathBuf> {
    let config = file.parent()?.join(CONFIG);
    config.is_file().then_some(config)
}

/// A file of JSON; none where it is none, or too long.
pub(crate) fn json(path: &Path) -> Option<Value> {
    let length = std::fs::metadata(path).ok()?.len();
    let text = (length <= LONGEST).then(|| std::fs::read(path).ok())??;
    serde_json::from_slice(&text).ok()
}

/// Whether a `config.json` says the architecture as transformers does.
pub(crate) fn is_of_transformers(config: &Value) -> bool {
    ["model_type", "architectures"]
        .iter()
        .any(|key| config.get(key).is_some())
}
