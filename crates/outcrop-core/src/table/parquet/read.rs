use std::fs::File;
use std::io::{Cursor, Read};

use parquet::errors::ParquetError;
use parquet::file::reader::FileReader;
use parquet::record::Field;
use parquet::record::reader::RowIter;

use super::zstd::WithZstd;

/// A Parquet file as the CSV text that says the same, row by row.
pub(in crate::table) struct AsCsv {
    rows: RowIter<'static>,
    text: Cursor<Vec<u8>>,
}

impl AsCsv {
    pub(in crate::table) fn open(file: File) -> std::io::Result<Self> {
        let reader = contained(|| WithZstd::open(file))?;
        let reader = reader.map_err(failed)?;
        let schema = reader.metadata().file_metadata().schema();
        let header = line(
            schema
                .get_fields()
                .iter()
                .map(|field| field.name().to_owned()),
        )?;
        Ok(Self {
            rows: RowIter::from_file_into(Box::new(reader)),
            text: Cursor::new(header),
        })
    }
}

/// Snappy, which pandas, R and DuckDB write unless set otherwise, zstd, which polars writes, and gzip are read; other
/// compressions are not.
fn failed(error: ParquetError) -> std::io::Error {
    if error.to_string().contains("Disabled feature") {
        return std::io::Error::other(
            "it is compressed by another method than snappy, zstd or gzip, which is not read; write it with \
             to_parquet(..., compression=\"snappy\") in pandas, write_parquet(..., compression=\"snappy\") in polars, or \
             as CSV",
        );
    }
    std::io::Error::other(error)
}

/// A panic of the library, at a file that is broken, is an error.
fn contained<T>(read: impl FnOnce() -> T) -> std::io::Result<T> {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
    outcome.map_err(|_| std::io::Error::other("the Parquet file is broken"))
}

fn line(cells: impl Iterator<Item = String>) -> std::io::Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(cells.collect::<Vec<_>>())?;
    csv.into_inner()
        .map_err(|e| std::io::Error::other(e.to_string()))
}

impl Read for AsCsv {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let read = self.text.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            let Some(row) = contained(|| self.rows.next())? else {
                return Ok(0);
            };
            let row = row.map_err(failed)?;
            let cells = row.get_column_iter().map(|(_, field)| cell(field));
            self.text = Cursor::new(line(cells)?);
        }
    }
}

/// Numbers as they print back; nothing for null.
fn cell(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Float(value) => value.to_string(),
        Field::Double(value) => value.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::contained;

    /// A stand-in for the library at a broken file.
    #[test]
    fn a_panic_is_an_error() {
        let error = contained(|| -> u8 { panic!("out of range") }).unwrap_err();
        assert_eq!(error.to_string(), "the Parquet file is broken");
        assert_eq!(contained(|| 3).unwrap(), 3);
    }
}
