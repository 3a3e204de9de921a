//! What the command says: results to standard output, everything else to standard error.

mod columns;
mod format;
mod picture;
mod rows;
pub(crate) mod standard;

pub(crate) use self::columns::{columns, significant};
pub(crate) use self::format::{Destination, Format, To, folder};
pub(crate) use self::picture::Picture;
pub(crate) use self::rows::{RowSink, write_rows};

use std::path::Path;

use outcrop_core::{AtomicFile, Error as CoreError, write_atomic};

use super::voice::{is_quiet, to_stderr};
use crate::Result;

/// Prints a line to standard output; a failed write is reported at the end of the command.
pub(crate) fn print(text: &str) {
    standard::send(format!("{text}\n").as_bytes());
}

/// How a line begins that a result should not be read without.
const WARNING: &str = "warning: ";

/// Says a line on standard error; where the command was asked to be quiet, only a warning.
pub(crate) fn say(text: &str) {
    if !is_quiet() || text.starts_with(WARNING) {
        to_stderr(text);
    }
}

/// Writes a file whole or not at all; its folder is made if need be.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    make_parent(path)?;
    Ok(write_atomic(path, bytes)?)
}

/// A file that appears once it is whole; its folder is made if need be.
fn create_file(path: &Path) -> Result<AtomicFile> {
    make_parent(path)?;
    Ok(AtomicFile::create(path)?)
}

fn make_parent(path: &Path) -> Result<()> {
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    let made = std::fs::create_dir_all(parent);
    Ok(made.map_err(|e| CoreError::io("make folder", parent, e))?)
}
