use std::path::{Path, PathBuf};

use super::name_of;
use crate::names::CheckpointName;

const CONFIG: &str = "config.json";

/// The `config.json` of a checkpoint: in its folder, or in the folder of the series to which its
/// name says that it belongs, or in that of the run whose `checkpoints` the series is. Trainers that save
/// weights alone leave it there.
pub(super) fn beside(checkpoint: &Path) -> Option<PathBuf> {
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
