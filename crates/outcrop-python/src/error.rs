//! Errors of the other crates as exceptions of Python.

use std::fmt::Display;

use pyo3::PyErr;
use pyo3::exceptions::{PyOSError, PyValueError};

/// A bad value: `ValueError`. The messages of all crates complete "failed to ...".
pub(crate) fn value(error: impl Display) -> PyErr {
    PyValueError::new_err(format!("failed to {error}"))
}

/// What went wrong with files: `OSError` for a file that cannot be read or written, else `ValueError`.
pub(crate) fn file(error: outcrop_core::Error) -> PyErr {
    match error {
        outcrop_core::Error::Io { .. } | outcrop_core::Error::Locked { .. } => {
            PyOSError::new_err(format!("failed to {error}"))
        }
        error => value(error),
    }
}
