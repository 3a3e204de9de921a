use std::io::{Read, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::columns::columns;
use super::csv_io;
use super::header::Columns;
use super::once::{Identity, gather};
use super::problem::Loaded;
use super::row_stream::RowStream;
use crate::{Error, GrowingTable, Result, write_atomic};

/// A type whose values are rows of its table.
pub trait Row: Serialize + DeserializeOwned {
    /// The columns that a table must have; others may be absent.
    const REQUIRED: &'static [&'static str];
    /// All columns that are known.
    const HEADER: &'static [&'static str];
    /// Text columns in which every row must have something.
    const NAMED: &'static [&'static str];

    /// What the row is about, such as `model "m", step 8`: no two rows of a table are about the same.
    fn key(&self) -> String;
}

/// Reads a table from a file. A row that repeats another counts once, which is a problem of the
/// result, too.
///
/// # Errors
/// [`Error::Io`], [`Error::MissingColumn`], [`Error::Parse`]; [`Error::Twice`] for rows that contradict
/// each other; a bad row is no error but a problem of the result.
pub fn read_rows<T: Row>(path: &Path) -> Result<Loaded<T>> {
    read_rows_from(super::open(path)?, &path.display().to_string())
}

/// As [`read_rows`], from a reader; `context` names it in errors.
///
/// # Errors
/// As [`read_rows`].
pub fn read_rows_from<T: Row>(reader: impl Read, context: &str) -> Result<Loaded<T>> {
    let columns = Columns {
        required: T::REQUIRED,
        optional: T::HEADER,
        named: T::NAMED,
    };
    let identity = Identity {
        key: T::key,
        same: says_the_same,
    };
    let rows = RowStream::<_, T, T>::new(reader, context, columns, Ok)?;
    gather(context, rows, &identity)
}

/// By what would be written: NaN is NaN.
fn says_the_same<T: Row>(a: &T, b: &T) -> bool {
    let written = |row| csv_io::to_csv(std::slice::from_ref(row), false).ok();
    written(a) == written(b)
}

/// The header and every row as cells, for showing.
///
/// # Errors
/// [`Error::Parse`] for a row that is no flat record.
pub fn cells<T: Row>(rows: &[T]) -> Result<Vec<Vec<String>>> {
    let header = columns::<T>()
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    let mut all = vec![header];
    for row in rows {
        let record = csv_io::record(row)?;
        let cell = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
        all.push(record.iter().map(cell).collect());
    }
    Ok(all)
}

/// The table as CSV text; a table without rows still has its header.
///
/// # Errors
/// [`Error::Parse`] for a row that is no flat record.
pub fn rows_to_csv<T: Row>(rows: &[T]) -> Result<Vec<u8>> {
    if rows.is_empty() {
        return Ok(format!("{}\n", columns::<T>().join(",")).into_bytes());
    }
    csv_io::to_csv(rows, true)
}

/// Writes the rows of a table one by one, for tables that are never held.
///
/// ```
/// use outcrop_core::CurvePoint;
/// use outcrop_core::table::RowWriter;
///
/// let mut writer = RowWriter::new(Vec::new());
/// writer.write(&CurvePoint { step: 8.0, value: 2.5, ..CurvePoint::default() })?;
/// let csv = writer.finish()?;
/// assert!(csv.starts_with(b"model,layer,hypothesis,step,value"));
/// # Ok::<(), outcrop_core::Error>(())
/// ```
#[derive(Debug)]
pub struct RowWriter<W: Write, T> {
    csv: csv::Writer<W>,
    empty: bool,
    row: std::marker::PhantomData<T>,
}

impl<W: Write, T: Row> RowWriter<W, T> {
    /// Rows go to `writer` as CSV, the header first.
    pub fn new(writer: W) -> Self {
        Self {
            csv: csv::Writer::from_writer(writer),
            empty: true,
            row: std::marker::PhantomData,
        }
    }

    /// Writes one row.
    ///
    /// # Errors
    /// [`Error::Io`] with the file where that could not be written; [`Error::Parse`] with what else the
    /// writer or the row said.
    pub fn write(&mut self, row: &T) -> Result<()> {
        self.empty = false;
        let written = self.csv.serialize(row);
        written.map_err(|e| Error::unwritten(&e))
    }

    /// The writer to which the rows go; some may still be held back.
    pub fn get_ref(&self) -> &W {
        self.csv.get_ref()
    }

    /// Writes what is left, the header even without rows, and gives the writer back.
    ///
    /// # Errors
    /// As [`RowWriter::write`].
    pub fn finish(mut self) -> Result<W> {
        if self.empty {
            let written = self.csv.write_record(columns::<T>());
            written.map_err(|e| Error::unwritten(&e))?;
        }
        let inner = self.csv.into_inner();
        inner.map_err(|e| Error::unwritten(e.error()))
    }
}

/// Writes a table, completely or not at all.
///
/// # Errors
/// [`Error::Io`] with the path.
pub fn write_rows<T: Row>(path: &Path, rows: &[T]) -> Result<()> {
    write_atomic(path, &rows_to_csv(rows)?)
}

/// Appends rows in one write, with the header if the table is new.
///
/// # Errors
/// [`Error::Io`] with the path.
pub fn append_rows<T: Row>(table: &mut GrowingTable, rows: &[T]) -> Result<()> {
    let text = csv_io::to_csv(rows, table.is_empty())?;
    table.append(&text, rows.len() as u64)
}
