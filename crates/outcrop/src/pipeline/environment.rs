use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use outcrop_core::Error as CoreError;
use outcrop_model::Backend;
use outcrop_train::Environment;
use outcrop_train::data::CratesSource;

use crate::{Error, Result};

/// What training needs from this machine: the backend, the sources of the corpus `crates` (from the `Cargo.lock` of `workspace`
/// and the registry of Cargo), and a folder for trained tokenizers below `out`.
///
/// # Errors
/// [`Error::Model`] where the backend is not compiled in or finds no device.
pub fn environment(
    backend: Backend,
    workspace: Option<&Path>,
    out: &Path,
    stop: Arc<AtomicBool>,
) -> Result<Environment> {
    backend.check()?;
    Ok(Environment {
        backend,
        stop,
        ..corpora(workspace, out)
    })
}

/// The same without a backend, for opening the corpora of runs.
pub(crate) fn corpora(workspace: Option<&Path>, out: &Path) -> Environment {
    let lock = workspace
        .map(|w| w.join("Cargo.lock"))
        .filter(|l| l.is_file());
    let crates = lock
        .zip(crate_sources())
        .map(|(lock, sources)| CratesSource { lock, sources });
    Environment {
        crates,
        cache: Some(out.join("tokenizers")),
        git_revision: option_env!("OUTCROP_GIT_REVISION").map(str::to_owned),
        ..Environment::default()
    }
}

/// The folder with the unpacked sources of crates, `$CARGO_HOME/registry/src`.
fn crate_sources() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|h| h.join(".cargo")))?;
    Some(home.join("registry/src")).filter(|sources| sources.is_dir())
}

/// The workspace in which the command was started: the nearest folder upwards with a
/// `Cargo.lock`.
///
/// # Errors
/// [`Error::Core`] if the working directory is unknown.
pub fn workspace() -> Result<Option<PathBuf>> {
    let here = std::env::current_dir().map_err(|e| Error::Core(CoreError::io("read", ".", e)))?;
    Ok(here
        .ancestors()
        .find(|d| d.join("Cargo.lock").is_file())
        .map(Path::to_path_buf))
}
