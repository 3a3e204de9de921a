//! The formats in which weights lie on a disk, one a file: which files are some, and which tensors they hold.

mod adapter;
#[cfg(feature = "pytorch")]
mod distributed;
mod gguf;
mod llm_c;
mod neox_layers;
mod published;
mod trainer_files;

use std::path::Path;

use super::layout::{Format, Layout, Place};
use crate::Result;

/// All formats; the first that finds its files in a place reads it.
pub(crate) static FORMATS: &[&Format] = &[
    &gguf::GGUF,
    &llm_c::LLM_C,
    &adapter::LOW_RANK,
    &published::PUBLISHED,
    #[cfg(feature = "pytorch")]
    &distributed::DISTRIBUTED,
    &neox_layers::NEOX_LAYERS,
    &trainer_files::TRAINER_FILES,
];

/// The format of what lies at a place.
fn of(place: &Place<'_>) -> Option<&'static Format> {
    FORMATS.iter().find(|format| (format.is)(place)).copied()
}

/// Whether there are weights in a folder, however damaged.
pub(crate) fn has_weights(folder: &Path) -> bool {
    Place::of(folder).is_ok_and(|place| of(&place).is_some())
}

/// The weight files of a folder, or a file itself.
pub(crate) fn layout(path: &Path) -> Result<Layout> {
    let place = Place::of(path)?;
    match of(&place) {
        Some(format) => (format.layout)(&place),
        None => Err(published::nothing(&place)),
    }
}
