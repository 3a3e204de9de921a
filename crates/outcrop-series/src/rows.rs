//! The rows of the tables of a series.

use std::fs::File;
use std::path::Path;

use outcrop_core::table::{self, Streamed};
use outcrop_core::{Error as CoreError, HeadSink, Measurement};

use crate::Result;

pub(crate) const MEASUREMENTS: &str = "measurements.csv";
pub(crate) const HEADS: &str = "heads.csv";

/// The attention sinks of a table; none where there is no table.
pub(crate) fn heads(path: &Path) -> Result<Vec<HeadSink>> {
    match path.exists() {
        true => Ok(table::read_rows::<HeadSink>(path)?.rows),
        false => Ok(Vec::new()),
    }
}

/// The good rows of a measurements table, one at a time; none where there is no table.
pub(crate) fn each_row(path: &Path, mut each: impl FnMut(Measurement) -> Result<()>) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let file = File::open(path).map_err(|e| CoreError::io("read", path, e))?;
    let file = std::io::BufReader::new(file);
    for item in table::measurement_stream(file, &path.display().to_string())? {
        if let Streamed::Row(row) = item? {
            each(row)?;
        }
    }
    Ok(())
}
