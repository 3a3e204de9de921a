//! Token ids in files, of which only as many are read as the windows need.

mod dtype;
mod header;
mod npy;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use dtype::DType;

use crate::windows::Windows;
use crate::{Error, Result};

/// Whether the name is that of a file of ids.
pub(crate) fn recognise(path: &Path) -> bool {
    !path.is_dir() && Format::of(path).is_some()
}

enum Format {
    Raw(DType),
    Npy,
}

impl Format {
    fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "bin" | "u16" => Self::Raw(DType::U16),
            "u32" => Self::Raw(DType::U32),
            "npy" => Self::Npy,
            _ => return None,
        })
    }
}

/// Ids in a file: where they start, what they are and how many there are.
struct Layout {
    start: u64,
    dtype: DType,
    shape: Shape,
}

enum Shape {
    Stream(u64),
    Rows(u64, u64),
}

/// The windows of the ids in the file at `path`.
pub(crate) fn windows(path: &Path, windows: Windows) -> Result<Vec<Vec<u32>>> {
    let io = |source| outcrop_core::Error::io("read", path, source);
    let refused = |reason| Error::Ids {
        path: path.to_owned(),
        reason,
    };
    let mut file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let layout = match Format::of(path) {
        Some(Format::Npy) => npy::layout(&mut file, length)
            .map_err(io)?
            .map_err(refused)?,
        Some(Format::Raw(dtype)) => raw(dtype, length).map_err(refused)?,
        None => {
            return Err(refused(
                "its name ends in none of .npy, .bin, .u16 and .u32".into(),
            ));
        }
    };
    let words = path.display().to_string();
    let mut ids = |n: usize| -> Result<Vec<u32>> {
        let bytes = read(&mut file, layout.start, n * layout.dtype.size()).map_err(io)?;
        layout.dtype.ids(&bytes).map_err(refused)
    };
    match layout.shape {
        Shape::Stream(available) => {
            let cut = windows.cut(None)?;
            if available < cut.needed() as u64 {
                return Err(cut.too_short(available, &words));
            }
            cut.stream(&ids(cut.needed())?, available, &words)
        }
        Shape::Rows(rows, columns) => {
            let cut = windows.cut(Some((rows, columns)))?;
            if cut.length as u64 != columns {
                return Err(refused(format!(
                    "its rows have {columns} tokens, and {} were asked for; leave --length away, or \
                     give a 1-D array",
                    cut.length
                )));
            }
            if cut.count as u64 > rows {
                return Err(refused(format!(
                    "it has {rows} rows; --windows {rows} would do"
                )));
            }
            let ids = ids(cut.count * cut.length)?;
            let rows = ids.chunks_exact(cut.length);
            Ok(rows.map(|row| cut.with_bos(row)).collect())
        }
    }
}

/// Ids without a header.
fn raw(dtype: DType, length: u64) -> Result<Layout, String> {
    let size = dtype.size() as u64;
    if !length.is_multiple_of(size) {
        return Err(format!(
            "{length} bytes are no whole number of {} ids of {size} bytes",
            dtype.name()
        ));
    }
    Ok(Layout {
        start: 0,
        dtype,
        shape: Shape::Stream(length / size),
    })
}

/// `n` bytes from `start`; the file's length was checked before.
fn read(file: &mut File, start: u64, n: usize) -> std::io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = vec![0; n];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
