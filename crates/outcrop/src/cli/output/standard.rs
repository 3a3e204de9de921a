//! Standard output. If it cannot be written, the command finishes its work and then ends with this error. A closed
//! pipe, as with `| head`, is no error.

use std::io::{Error as IoError, ErrorKind, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use outcrop_core::Error as CoreError;

use crate::Result;

/// The first failure; nothing is written after it.
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

/// Whether a write has failed.
pub(super) fn is_lost() -> bool {
    failure().is_some()
}

/// Flushes the buffer of a command that goes on for long.
pub(crate) fn flush() {
    attempt(|| std::io::stdout().lock().flush());
}

/// Flushes the buffer; to be called at the end.
///
/// # Errors
/// [`crate::Error::Core`] with the error of the first write that failed.
pub(crate) fn finish() -> Result<()> {
    attempt(|| std::io::stdout().lock().flush());
    match failure().take() {
        Some(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CoreError::io("write", "standard output", error).into())
        }
        _ => Ok(()),
    }
}
