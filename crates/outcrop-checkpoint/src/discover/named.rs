//! The name of a path, with its content.

use std::path::Path;

use super::name_of;
use crate::names::CheckpointName;

/// What accelerate's `save_state` leaves in each of its folders.
const ACCELERATE: &str = "random_states_0.pkl";

/// What the name of a folder or file says. Where accelerate names folders itself, it counts saves.
pub(super) fn name_at(path: &Path) -> Option<CheckpointName> {
    let file_name = name_of(path)?;
    let name = CheckpointName::parse(&file_name)?;
    let counts_saves = file_name.starts_with("checkpoint_") && path.join(ACCELERATE).is_file();
    Some(match counts_saves {
        true => name.counting_saves(),
        false => name,
    })
}
