//! Tables in files of other forms than CSV, which are known by how they begin.

use std::fs::File;
use std::io::{Cursor, Read, Result, Seek};

/// How a file begins that is compressed by gzip.
#[cfg(feature = "gzip")]
const GZIP: &[u8] = b"\x1f\x8b";
/// How a Parquet file begins.
#[cfg(feature = "parquet")]
const PARQUET: &[u8] = b"PAR1";

/// The content of a file as CSV text.
pub(super) fn as_csv(mut file: File) -> Result<Box<dyn Read + Send>> {
    let mut start = Vec::new();
    file.by_ref().take(4).read_to_end(&mut start)?;
    #[cfg(feature = "parquet")]
    if start == PARQUET {
        return Ok(Box::new(super::parquet::AsCsv::open(file)?));
    }
    #[cfg(feature = "gzip")]
    let zipped = start.starts_with(GZIP);
    let all: Box<dyn Read + Send> = match file.rewind() {
        Ok(()) => Box::new(file),
        Err(_) => Box::new(Cursor::new(start).chain(file)), // a pipe
    };
    #[cfg(feature = "gzip")]
    if zipped {
        return Ok(Box::new(flate2::read::MultiGzDecoder::new(all)));
    }
    Ok(all)
}
