use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::name_of;
use crate::names::CheckpointName;
use crate::weights::Layout;
use crate::{Error, Result, Weights};

const CONFIG: &str = "config.json";

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
    beside(checkpoint).or_else(|| itself().filter(|_| says()))
}

/// The `config.json` of a checkpoint: in its folder, or in the folder of the series to which its
/// name says that it belongs, or in that of the run whose `checkpoints` the series is. Trainers that save
/// weights alone leave it there.
fn beside(checkpoint: &Path) -> Option<PathBuf> {
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
        let name = name_of(folder)?;
        if name != super::folders::CHECKPOINTS && CheckpointName::parse(&name).is_none() {
            return None;
        }
        folder = folder.parent()?;
    }
}
