//! Token ids in files, of which only as many are read as the windows need.

mod dtype;
mod file;
mod header;
mod kind;
mod llmc;
mod megatron;
mod npy;
mod width;

use std::path::Path;

use dtype::DType;

use crate::windows::Windows;
use crate::{Error, Result};

pub use file::TokenFile;
pub use kind::IdType;

/// Endings of the names of files of ids.
const NAMES: &str = ".npy, .bin, .u16, .u32, .i32 and .i64";

/// Whether the name is that of a file of ids.
pub(crate) fn recognise(path: &Path) -> bool {
    let npy = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("npy"));
    !path.is_dir() && (npy || kind_of(path).is_some())
}

/// The type of ids by the name of their file.
fn kind_of(path: &Path) -> Option<IdType> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    match ending.as_str() {
        "bin" => Some(IdType::U16),
        other => other.parse().ok(),
    }
}

/// Ids in a file: where they start, what they are and how many there are.
#[derive(Debug)]
struct Layout {
    start: u64,
    dtype: DType,
    shape: Shape,
    /// What says so, if not the file's name.
    stated: Option<String>,
}

impl Layout {
    /// Itself, unless the type that the user gave is another.
    fn contradicted_by(self, given: Option<IdType>) -> Result<Self, String> {
        let by = self.stated.as_deref().unwrap_or("its header");
        match given.filter(|given| given.dtype() != self.dtype) {
            Some(given) => Err(format!(
                "{by} says that its ids are {}, and --tokens-type says {given}; leave that away",
                self.dtype.name()
            )),
            None => Ok(self),
        }
    }
}

#[derive(Debug)]
enum Shape {
    Stream(u64),
    Rows(u64, u64),
}

/// The windows of the ids in the file at `path`, and where they come from in words.
pub(crate) fn windows(
    path: &Path,
    given: Option<IdType>,
    windows: Windows,
) -> Result<(Vec<Vec<u32>>, String)> {
    let mut file = TokenFile::open(path, given)?;
    let words = file.words();
    let ids = match file.rows() {
        None => {
            let cut = windows.cut(None)?;
            if file.len() < cut.needed() as u64 {
                return Err(cut.too_short(file.len(), &words));
            }
            cut.stream(&file.read(0, cut.needed())?, file.len(), &words)?
        }
        Some(rows) => whole_rows(path, &mut file, rows, windows)?,
    };
    Ok((ids, words))
}

/// Rows of an array, which keep their length.
fn whole_rows(
    path: &Path,
    file: &mut TokenFile,
    (rows, columns): (u64, u64),
    windows: Windows,
) -> Result<Vec<Vec<u32>>> {
    let refused = |reason| Error::Ids {
        path: path.to_owned(),
        reason,
    };
    let cut = windows.cut(Some((rows, columns)))?;
    if cut.length as u64 != columns {
        return Err(refused(format!(
            "its rows have {columns} tokens, and {} were asked for; leave --length away, or give a 1-D array",
            cut.length
        )));
    }
    if cut.count as u64 > rows {
        return Err(refused(format!(
            "it has {rows} rows; --windows {rows} would do"
        )));
    }
    let ids = file.read(0, cut.count * cut.length)?;
    let rows = ids.chunks_exact(cut.length);
    Ok(rows.map(|row| cut.with_bos(row)).collect())
}
