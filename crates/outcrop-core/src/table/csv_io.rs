use serde::Serialize;

use crate::{Error, Result};

/// The rows as CSV text, with or without the header.
pub(crate) fn to_csv<T: Serialize>(rows: &[T], header: bool) -> Result<Vec<u8>> {
    let mut csv = csv::WriterBuilder::new()
        .has_headers(header)
        .from_writer(Vec::new());
    for row in rows {
        csv.serialize(row)
            .map_err(|e| Error::parse("table to write", e))?;
    }
    csv.into_inner()
        .map_err(|e| Error::parse("table to write", e))
}

/// One row as a record.
pub(crate) fn record<T: Serialize>(row: &T) -> Result<csv::ByteRecord> {
    let line = to_csv(std::slice::from_ref(row), false)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(line.as_slice());
    let mut record = csv::ByteRecord::new();
    let read = reader.read_byte_record(&mut record);
    read.map_err(|e| Error::parse("table to write", e))?;
    Ok(record)
}
