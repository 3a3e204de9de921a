use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The files in `paths` in order, of folders as by [`files_in`].
pub(super) fn list(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        files.append(&mut files_in(path)?);
    }
    match files.is_empty() {
        true => Err(Error::NoText {
            path: paths.first().cloned().unwrap_or_default(),
        }),
        false => Ok(files),
    }
}

/// The file at `path` itself, or every file in the folder that is not hidden, sorted by path. Links to folders
/// are not followed.
///
/// # Errors
/// [`Error::Core`] for what is not there or cannot be read.
pub fn files_in(path: &Path) -> Result<Vec<PathBuf>> {
    let kind = std::fs::metadata(path).map_err(|e| io(path, e))?;
    let mut files = Vec::new();
    match kind.is_dir() {
        true => walk(path, &mut files)?,
        false => files.push(path.to_owned()),
    }
    files.sort();
    Ok(files)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).map_err(|e| io(folder, e))? {
        let entry = entry.map_err(|e| io(folder, e))?;
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if entry.file_type().map_err(|e| io(&path, e))?.is_dir() {
            walk(&path, files)?;
        } else if path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

pub(super) fn io(path: &Path, source: std::io::Error) -> Error {
    outcrop_core::Error::io("read", path, source).into()
}
