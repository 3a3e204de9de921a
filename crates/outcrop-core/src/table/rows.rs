use std::io::{Read, Write};
use std::path::Path;

use super::csv_io;
use super::header::Columns;
use super::layout::TableLayout;
use super::once::{Identity, gather};
use super::problem::{Loaded, Streamed};
use super::row::Row;
use super::row_stream::{RowStream, unnumbered};
use crate::{Error, GrowingTable, Result, write_atomic};

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
    read_rows_from_with(reader, context, &TableLayout::default())
}

/// As [`read_rows`], for a table that should have this layout; see [`read_rows_from_with`].
///
/// # Errors
/// As [`read_rows`].
pub fn read_rows_with<T: Row>(path: &Path, layout: &TableLayout<T>) -> Result<Loaded<T>> {
    read_rows_from_with(super::open(path)?, &path.display().to_string(), layout)
}

/// As [`read_rows_from`], for a table that should have this layout. Others are read all the same; a column that may
/// be one of the layout's misspelt is a problem of line 1, and in those of the layout all but numbers is a fault.
///
/// # Errors
/// As [`read_rows`].
pub fn read_rows_from_with<T: Row>(
    reader: impl Read,
    context: &str,
    layout: &TableLayout<T>,
) -> Result<Loaded<T>> {
    let header = layout.header();
    let optional: Vec<&str> = header.iter().map(String::as_str).collect();
    let columns = Columns {
        required: T::REQUIRED,
        optional: &optional,
        named: T::NAMED,
    };
    let identity = Identity {
        key: T::key,
        same: says_the_same,
    };
    let mut rows = RowStream::<_, T, T>::new(reader, context, columns, Ok)?;
    if let Some(quantities) = T::QUANTITIES {
        rows = rows.with_quantities(T::HEADER, layout.quantities(), quantities.get_mut)?;
    }
    gather(context, rows, &identity)
}

/// The rows of a table one by one, for tables that are never held; `context` names it in errors. Rows without quantities
/// of their own are read whole. Duplicate rows are not looked for.
///
/// ```
/// use outcrop_core::table::{Streamed, stream_rows};
/// use outcrop_core::Observation;
///
/// let csv = "model,step,layer,head,place,observable,value,sem,n\nm,8,1,,residual-stream,rms,0.5,,1\n";
/// let rows = stream_rows::<Observation, _>(csv.as_bytes(), "observables.csv")?;
/// let values = rows.map(|row| row.map(|row| matches!(row, Streamed::Row(row) if row.value == Some(0.5))));
/// assert_eq!(values.collect::<Result<Vec<_>, _>>()?, [true]);
/// # Ok::<(), outcrop_core::Error>(())
/// ```
///
/// # Errors
/// As [`read_rows`]; those of a row are items.
pub fn stream_rows<T: Row, R: Read>(
    reader: R,
    context: &str,
) -> Result<impl Iterator<Item = Result<Streamed<T>>> + use<R, T>> {
    let columns = Columns {
        required: T::REQUIRED,
        optional: T::HEADER,
        named: T::NAMED,
    };
    let rows = RowStream::<_, T, T>::new(reader, context, columns, Ok)?;
    Ok(rows.map(unnumbered))
}

/// The rows of a file one by one, each with its line, as [`stream_rows`] gives them.
///
/// # Errors
/// As [`read_rows`]; those of a row are items.
pub fn numbered_rows<T: Row>(
    path: &Path,
) -> Result<impl Iterator<Item = Result<Streamed<(u64, T)>>> + use<T>> {
    let columns = Columns {
        required: T::REQUIRED,
        optional: T::HEADER,
        named: T::NAMED,
    };
    RowStream::<_, T, T>::new(super::open(path)?, &path.display().to_string(), columns, Ok)
}

/// By what would be written: NaN is NaN.
fn says_the_same<T: Row>(a: &T, b: &T) -> bool {
    let quantities = T::QUANTITIES.is_none_or(|of| (of.get)(a) == (of.get)(b));
    let written = |row: &T| csv_io::to_csv(&[row.fixed()], false).ok();
    quantities && written(a) == written(b)
}

/// The header and every row as cells, for showing.
///
/// # Errors
/// [`Error::Parse`] for a row that is no flat record.
pub fn cells<T: Row>(rows: &[T]) -> Result<Vec<Vec<String>>> {
    let layout = TableLayout::of(rows)?;
    let mut all = vec![layout.header()];
    for row in rows {
        let record = csv_io::record(&layout.record(row)?.cells())?;
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
    rows_to_csv_with(rows, TableLayout::of(rows)?)
}

/// As [`rows_to_csv`], with the columns of `layout`.
///
/// # Errors
/// As [`rows_to_csv`], and those of [`TableLayout::record`].
pub fn rows_to_csv_with<T: Row>(rows: &[T], layout: TableLayout<T>) -> Result<Vec<u8>> {
    let mut writer = RowWriter::with_layout(Vec::new(), layout);
    rows.iter().try_for_each(|row| writer.write(row))?;
    writer.finish()
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
    layout: TableLayout<T>,
    started: bool,
}

impl<W: Write, T: Row> RowWriter<W, T> {
    /// Rows go to `writer` as CSV, the header first.
    pub fn new(writer: W) -> Self {
        Self::with_layout(writer, TableLayout::default())
    }

    /// The same for rows that have quantities, with the columns of `layout`.
    pub fn with_layout(writer: W, layout: TableLayout<T>) -> Self {
        Self {
            csv: csv::WriterBuilder::new()
                .has_headers(false)
                .from_writer(writer),
            layout,
            started: false,
        }
    }

    /// Writes one row.
    ///
    /// # Errors
    /// [`Error::Io`] with the file where that could not be written; [`Error::Parse`] with what else the
    /// writer or the row said; those of [`TableLayout::record`].
    pub fn write(&mut self, row: &T) -> Result<()> {
        self.start()?;
        let record = self.layout.record(row)?;
        let written = self.csv.serialize(record.cells());
        written.map_err(|e| Error::unwritten(&e))
    }

    /// Writes the header once.
    fn start(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.started, true) {
            return Ok(());
        }
        let written = self.csv.write_record(self.layout.header());
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
        self.start()?;
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

/// As [`write_rows`], with the columns of `layout`.
///
/// # Errors
/// [`Error::Io`] with the path, and those of [`TableLayout::record`].
pub fn write_rows_with<T: Row>(path: &Path, rows: &[T], layout: TableLayout<T>) -> Result<()> {
    write_atomic(path, &rows_to_csv_with(rows, layout)?)
}

/// Appends rows in one write, with the header if the table is new.
///
/// # Errors
/// [`Error::Io`] with the path; [`Error::Parse`] for rows with quantities, as a table that grows keeps its columns.
pub fn append_rows<T: Row>(table: &mut GrowingTable, rows: &[T]) -> Result<()> {
    if let Some(column) = TableLayout::of(rows)?.quantities().first() {
        let reason = format!(
            "{} has no column in a table that grows; write a whole one",
            column.name
        );
        return Err(Error::parse("table to write", reason));
    }
    let text = csv_io::to_csv(rows, table.is_empty())?;
    table.append(&text, rows.len() as u64)
}
