//! Tables as Parquet files.

mod read;
mod types;
mod write;

pub use self::write::ParquetWriter;

use std::fs::File;
use std::io::{Read, Seek};

use self::read::AsCsv;
use crate::Error;

fn failed(reason: impl std::error::Error + 'static) -> Error {
    Error::unwritten(&reason)
}

/// The file as CSV text, also where it is Parquet.
pub(super) fn as_csv(mut file: File) -> std::io::Result<Box<dyn Read + Send>> {
    let mut start = Vec::new();
    if file.by_ref().take(4).read_to_end(&mut start)? == 4 && start == b"PAR1" {
        return Ok(Box::new(AsCsv::open(file)?));
    }
    match file.rewind() {
        Ok(()) => Ok(Box::new(file)),
        Err(_) => Ok(Box::new(std::io::Cursor::new(start).chain(file))), // a pipe
    }
}
