//! Runs that would be copies of each other.

use outcrop_train::RunSpec;

use crate::Result;

/// The spec without the name of its model: runs that share it give the same bits.
///
/// # Errors
/// [`crate::Error::Train`] for a number that TOML cannot hold.
pub(super) fn nameless(run: &RunSpec) -> Result<String> {
    let nameless = RunSpec {
        model: "-".into(),
        ..run.clone()
    };
    Ok(nameless.to_toml()?)
}
