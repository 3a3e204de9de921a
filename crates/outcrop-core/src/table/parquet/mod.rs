//! Tables as Parquet files.

mod read;
mod types;
mod write;
mod zstd;

pub(in crate::table) use self::read::AsCsv;
pub use self::write::ParquetWriter;

use crate::Error;

fn failed(reason: impl std::error::Error + 'static) -> Error {
    Error::unwritten(&reason)
}
