//! Tables as CSV: fixed headers, extra columns allowed, bad rows named and left out.
//!
//! Cells are read as pandas, R and spreadsheets leave them: `True`, `TRUE` and `1`; nothing as an empty
//! cell, `NA`, `NaN` or `NULL`; `1e+05` and `1000.0` as whole numbers; a column of row names. Rows may
//! be in any order; one that repeats another counts once, and two that contradict each other are an
//! error. With the feature `parquet` tables are also written as Parquet, and read from such a file; with
//! the feature `gzip` a file may be compressed by gzip. Both are known by how the file begins.
//!
//! A table of fits has a column for each quantity of its hypotheses behind those of every fit, three where it has
//! an interval ([`TableLayout`]). A reader needs no list of them: every column of numbers is one.
//!
//! Lines end with `\n`, `\r\n` or `\r`; a byte order mark is skipped. A fault in one line (text
//! that is not a number, an open quote, bytes that are no UTF-8, more than 1 MiB) costs that line
//! alone. A column that may be an optional one misspelt is a problem of line 1. The functions that
//! end in `_stream` hold one row or one trajectory at a time, the others the whole table.
//!
//! ```
//! use outcrop_core::table;
//! use outcrop_core::Trajectory;
//!
//! let csv = "model,layer,step,ratio\nm,1,0,5.5\nm,1,torn\nm,1,8,6.5\n";
//! let loaded = table::trajectories_from(csv.as_bytes(), "t.csv")?;
//! assert_eq!(loaded.rows[0].ratios, [5.5, 6.5]);
//! assert_eq!(loaded.problems[0].line, 3);
//! # Ok::<(), outcrop_core::Error>(())
//! ```

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

pub(crate) mod architecture;
mod cells;
mod columns;
mod csv_io;
mod fields;
mod fits;
mod header;
mod kind;
mod layout;
mod lines;
mod measurement;
mod nouns;
mod observation;
mod once;
#[cfg(feature = "parquet")]
mod parquet;
mod problem;
mod quantities;
mod row;
mod row_stream;
mod rows;
mod trajectory;
mod trajectory_stream;
mod unpack;

pub use architecture::{architectures, architectures_from, write_architectures};
pub(crate) use kind::kind_of;
pub use kind::{TableKind, kind_of_header};
pub use layout::{Record, TableLayout};
pub use measurement::{
    Columns, MeasurementRow, MeasurementStream, MeasurementWriter, StagedMeasurementRow,
    append_measurements, fold_measurements, left_out, measurement_stream, measurements,
    measurements_from, write_measurements,
};
pub(crate) use measurement::{Table, fold_tables};
pub use observation::{StagedObservation, observations};
#[cfg(feature = "parquet")]
pub use parquet::ParquetWriter;
pub use problem::{Loaded, Problem, Streamed};
pub use row::{QuantitiesOf, Row};
pub use rows::{
    RowWriter, append_rows, cells, numbered_rows, read_rows, read_rows_from, read_rows_from_with,
    read_rows_with, rows_to_csv, rows_to_csv_with, stream_rows, write_rows, write_rows_with,
};
pub use trajectory::{trajectories, trajectories_from, write_trajectories};
pub use trajectory_stream::{TrajectoryStream, trajectory_stream};

/// A reader names as many problems of one table; a last one says how many more there are.
pub const MAX_PROBLEMS: u64 = 1000;

/// The table at `path` as CSV text.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read + Send>> {
    let io = |e| Error::io("read", path, e);
    let file = File::open(path).map_err(io)?;
    unpack::as_csv(file).map_err(io)
}

/// Endings of a table's file, in the order in which they are looked for.
const ENDINGS: [&str; 3] = ["csv", "csv.gz", "parquet"];

/// The table `name`, such as `measurements`, of a folder: NAME.csv, or else NAME.csv.gz, or else NAME.parquet; none where
/// it has none of them.
///
/// ```
/// use outcrop_core::table;
///
/// let folder = tempfile::tempdir()?;
/// assert_eq!(table::in_folder(folder.path(), "fits"), None);
/// std::fs::write(folder.path().join("fits.csv.gz"), "")?;
/// assert!(table::in_folder(folder.path(), "fits").is_some_and(|path| path.ends_with("fits.csv.gz")));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn in_folder(folder: &Path, name: &str) -> Option<PathBuf> {
    let paths = ENDINGS.map(|ending| folder.join(format!("{name}.{ending}")));
    paths.into_iter().find(|path| path.is_file())
}
