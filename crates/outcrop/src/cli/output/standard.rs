//! Standard output: what of it cannot be written stops no work, and is the error with which the command
//! ends. A closed pipe is none, as behind `| head`.

use std::io::{Error as IoError, ErrorKind, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use outcrop_core::Error as CoreError;

use crate::Result;

/// What the first failure was; nothing is written after it.
static FAILURE: Mutex<Option<IoError>> = Mutex::new(None);

fn failure() -> MutexGuard<'static, Option<IoError>> {
    FAILURE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes with `write`, unless an earlier write failed.
pub(crate) fn attempt(write: impl FnOnce() -> std::io::Result<()>) {
    let mut failure = failure();
    if failure.is_none() {
        *failure = write().err();
    }
}

/// Writes to standard output.
pub(super) fn send(bytes: &[u8]) {
    attempt(|| std::io::stdout().lock().write_all(bytes));
}

/// Whether nothing that is written arrives any more.
pub(super) fn is_lost() -> bool {
    failure().is_some()
}

/// Writes what is held back; to be called when everything else is done.
///
/// # Errors
/// [`crate::Error::Core`] with what the first write that failed met.
pub(crate) fn finish() -> Result<()> {
    attempt(|| std::io::stdout().lock().flush());
    match failure().take() {
        Some(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CoreError::io("write", "standard output", error).into())
        }
        _ => Ok(()),
    }
}
