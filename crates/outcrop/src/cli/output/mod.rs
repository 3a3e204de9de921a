//! Output of the command: results to standard output, everything else to standard error.

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

/// A number of things in words: `1 checkpoint`, `2 checkpoints`.
pub(crate) fn count(number: usize, one: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {one}{ending}")
}

/// The beginning of a line that `-q` does not suppress.
const WARNING: &str = "warning: ";

/// Prints a line to standard error; with `-q`, only if it is a warning.
pub(crate) fn say(text: &str) {
    if !is_quiet() || text.starts_with(WARNING) {
        to_stderr(text);
    }
}

/// Writes a file completely or not at all; creates its folder if necessary.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    make_parent(path)?;
    Ok(write_atomic(path, bytes)?)
}

/// A file that appears once it is complete; creates its folder if necessary.
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
