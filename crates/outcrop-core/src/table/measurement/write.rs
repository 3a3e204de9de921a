//! How measurements become lines: with the columns of detail, or without.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use super::super::csv_io;
use super::flat::{Flat, HEADER, PLAIN, Plain, REQUIRED, STAGED, Staged};
use crate::{Detail, Error, GrowingTable, Measurement, Result, write_atomic};

/// Which columns a measurements table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// The largest three magnitudes and the median: places and counts are not known.
    Magnitudes,
    /// Also places and counts.
    Plain,
    /// Also those of [`Detail`] and `suspect`.
    Detailed,
    /// Also `stage` and `position`, for runs of several stages.
    Staged,
}

/// Writes measurements one by one, for tables that are never held.
///
/// ```
/// use outcrop_core::table::{self, Columns, MeasurementWriter, Streamed};
///
/// let csv = "model,step,sequence,layer,top1,top2,top3,median\nm,0,0,1,3.0,2.5,2.0,0.5\n";
/// let mut writer = MeasurementWriter::new(Vec::new(), Columns::Detailed)?;
/// for item in table::measurement_stream(csv.as_bytes(), "example")? {
///     if let Streamed::Row(mut measurement) = item? {
///         measurement.suspect = Some("jump".into());
///         writer.write(&measurement)?;
///     }
/// }
/// assert!(String::from_utf8(writer.finish()?)?.ends_with("jump\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MeasurementWriter<W: Write> {
    csv: csv::Writer<W>,
    columns: usize,
}

impl<W: Write> MeasurementWriter<W> {
    /// Writes the header to `writer`.
    ///
    /// # Errors
    /// [`Error::Io`] with the file where that could not be written; [`Error::Parse`] with what else the
    /// writer said.
    pub fn new(writer: W, columns: Columns) -> Result<Self> {
        let mut started = Self::going_on(writer, columns);
        started.record(&header(columns).into())?;
        Ok(started)
    }

    /// Rows go behind those of a table that has its header.
    fn going_on(writer: W, columns: Columns) -> Self {
        Self {
            csv: csv::WriterBuilder::new()
                .has_headers(false)
                .from_writer(writer),
            columns: header(columns).len(),
        }
    }

    /// Writes one row.
    ///
    /// # Errors
    /// [`Error::Io`] with the file where that could not be written; [`Error::Parse`] with what else the
    /// writer said.
    pub fn write(&mut self, measurement: &Measurement) -> Result<()> {
        if self.columns == STAGED.len() {
            let written = self.csv.serialize(Staged::from(measurement));
            return written.map_err(|e| Error::unwritten(&e));
        }
        let row = Flat::from(measurement);
        if self.columns == HEADER.len() {
            let written = self.csv.serialize(row);
            return written.map_err(|e| Error::unwritten(&e));
        }
        if self.columns == PLAIN {
            let written = self.csv.serialize(Plain::from(row));
            return written.map_err(|e| Error::unwritten(&e));
        }
        let mut record = csv_io::record(&row)?;
        record.truncate(self.columns);
        self.record(&record)
    }

    fn record(&mut self, record: &csv::ByteRecord) -> Result<()> {
        let written = self.csv.write_byte_record(record);
        written.map_err(|e| Error::unwritten(&e))
    }

    /// Writes what is left and gives the writer back.
    ///
    /// # Errors
    /// [`Error::Io`] with the file where that could not be written; [`Error::Parse`] with what else the
    /// writer said.
    pub fn finish(self) -> Result<W> {
        let inner = self.csv.into_inner();
        inner.map_err(|e| Error::unwritten(e.error()))
    }
}

fn header(columns: Columns) -> Vec<&'static str> {
    let most = match columns {
        Columns::Magnitudes => REQUIRED.len(),
        Columns::Plain => PLAIN,
        Columns::Detailed => HEADER.len(),
        Columns::Staged => STAGED.len(),
    };
    STAGED.into_iter().take(most).collect()
}

/// The columns that rows need.
fn needed(rows: &[Measurement]) -> Columns {
    let detailed = |row: &Measurement| row.detail != Detail::default() || row.suspect.is_some();
    if rows.iter().any(|row| row.stage.is_some()) {
        return Columns::Staged;
    }
    match rows.iter().any(detailed) {
        true => Columns::Detailed,
        false => Columns::Plain,
    }
}

/// Writes a measurements table, completely or not at all; the columns of [`Detail`] are there if any row
/// needs them.
///
/// # Errors
/// [`Error::Io`] with the path.
pub fn write_measurements(path: &Path, rows: &[Measurement]) -> Result<()> {
    let writer = MeasurementWriter::new(Vec::new(), needed(rows))?;
    write_atomic(path, &all(writer, rows)?)
}

/// Appends measurements in one write (give it complete steps). A new table gets a header, with the
/// columns of [`Detail`] if any row needs them; an old one keeps its columns.
///
/// # Errors
/// [`Error::Io`] with the path; [`Error::Parse`] where the file's header is none of this crate's, or
/// has no columns for what the rows say.
pub fn append_measurements(table: &mut GrowingTable, rows: &[Measurement]) -> Result<()> {
    let needed = needed(rows);
    let writer = match table.is_empty() {
        true => MeasurementWriter::new(Vec::new(), needed)?,
        false => {
            let io = |e| Error::io("append to", table.path(), e);
            let line = first_line(File::open(table.path()).map_err(io)?).map_err(io)?;
            let fits = match needed {
                Columns::Staged => vec![needed],
                _ => vec![Columns::Staged, Columns::Detailed, needed],
            };
            let Some(held) = fits.iter().find(|held| line == header(**held).join(",")) else {
                let reason = format!("its header `{line}` has not the columns of these rows");
                return Err(Error::parse(table.path().display().to_string(), reason));
            };
            MeasurementWriter::going_on(Vec::new(), *held)
        }
    };
    table.append(&all(writer, rows)?, rows.len() as u64)
}

fn all(mut writer: MeasurementWriter<Vec<u8>>, rows: &[Measurement]) -> Result<Vec<u8>> {
    for row in rows {
        writer.write(row)?;
    }
    writer.finish()
}

/// The first line of a table, without its end; more than any header of this crate has is not read.
fn first_line(file: impl Read) -> std::io::Result<String> {
    let mut start = Vec::new();
    file.take(4096).read_to_end(&mut start)?;
    let line = start
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    Ok(String::from_utf8_lossy(line).trim_end().to_owned())
}
