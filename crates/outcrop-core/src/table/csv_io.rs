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
