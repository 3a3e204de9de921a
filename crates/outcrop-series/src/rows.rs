//! The rows of the tables of a series.

use std::fs::File;
use std::path::Path;

use outcrop_core::table::Row;
use outcrop_core::table::{self, Streamed};
use outcrop_core::{Error as CoreError, ExpertShare, HeadSink, Measurement};

use crate::Result;

pub(crate) const MEASUREMENTS: &str = "measurements.csv";
pub(crate) const HEADS: &str = "heads.csv";
pub(crate) const ROUTERS: &str = "routers.csv";

/// What one step gave.
#[derive(Debug, Default)]
pub(crate) struct StepRows {
    pub(crate) measurements: Vec<Measurement>,
    /// Attention sinks, where they were asked for.
    pub(crate) heads: Vec<HeadSink>,
    /// What routers did, in a mixture of experts.
    pub(crate) experts: Vec<ExpertShare>,
}

/// A row of a table that is held as a whole.
pub(crate) trait OfStep: Row {
    /// The table.
    const TABLE: &'static str;

    fn step(&self) -> u64;
}

impl OfStep for HeadSink {
    const TABLE: &'static str = HEADS;

    fn step(&self) -> u64 {
        self.step
    }
}

impl OfStep for ExpertShare {
    const TABLE: &'static str = ROUTERS;

    fn step(&self) -> u64 {
        self.step
    }
}

/// The rows of a table; none where there is no table.
pub(crate) fn all<T: Row>(path: &Path) -> Result<Vec<T>> {
    match path.exists() {
        true => Ok(table::read_rows::<T>(path)?.rows),
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
