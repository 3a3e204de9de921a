//! What a build without a backend does instead of training.

use std::path::Path;

use outcrop_core::StagedFolder;

use crate::{Environment, Observer, Outcome, Result, RunSpec};

/// Refuses to train, since no backend was compiled in; nothing is written.
///
/// # Errors
/// [`Error::Model`](crate::Error::Model), always.
pub fn train(
    _spec: &RunSpec,
    _dir: &Path,
    environment: &Environment,
    _observer: &mut dyn Observer,
) -> Result<Outcome> {
    Err(environment.backend.not_compiled().into())
}

/// As [`train`].
///
/// # Errors
/// As [`train`].
pub fn train_staged(
    spec: &RunSpec,
    folder: &StagedFolder,
    environment: &Environment,
    observer: &mut dyn Observer,
) -> Result<Outcome> {
    train(spec, folder.path(), environment, observer)
}
