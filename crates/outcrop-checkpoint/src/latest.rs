use std::path::{Path, PathBuf};

use crate::{Result, series, verify};

/// A checkpoint that [`latest_valid`] skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Its step.
    pub step: u64,
    /// Its folder.
    pub path: PathBuf,
    /// Why it does not verify.
    pub reason: String,
}

/// The newest checkpoint that verifies, by step and folder, and the newer ones that do not.
pub type Latest = (Option<(u64, PathBuf)>, Vec<Rejected>);

/// The newest checkpoint in `dir` that [`verify`] accepts, if one does, and the newer ones that it
/// does not, newest first. After a process was killed, [`clean`](crate::clean) comes first: it may
/// put a checkpoint back.
///
/// # Errors
/// As [`series`]; a checkpoint that does not verify is no error.
pub fn latest_valid(dir: &Path) -> Result<Latest> {
    let mut rejected = Vec::new();
    for (step, path) in series(dir)?.into_iter().rev() {
        match verify(&path) {
            Ok(()) => return Ok((Some((step, path)), rejected)),
            Err(e) => {
                let reason = e.to_string();
                rejected.push(Rejected { step, path, reason });
            }
        }
    }
    Ok((None, rejected))
}
