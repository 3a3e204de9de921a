//! What a build without a backend does instead of training.

use std::path::Path;

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
