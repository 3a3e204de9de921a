//! `SHA256SUMS`, in the form that `sha256sum -c` reads.

mod altered;
mod read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use outcrop_core::{sha256_file, write_atomic};

pub use self::altered::Altered;
pub(crate) use self::read::read_sums;
use crate::{Error, Result};

/// The file of a checkpoint that lists the SHA-256 of every other.
pub const SUMS: &str = "SHA256SUMS";

/// Lists the files below `folder` in its `SHA256SUMS`, by path.
pub(crate) fn write_sums(folder: &Path) -> Result<()> {
    let mut sums = BTreeMap::new();
    for (name, path) in files(folder)? {
        sums.insert(name, sha256_file(&path)?);
    }
    write_listed(folder, &sums)
}

/// Writes the `SHA256SUMS` of `folder` from sums by path.
pub(crate) fn write_listed(folder: &Path, sums: &BTreeMap<String, String>) -> Result<()> {
    let lines = sums.iter().map(|(name, sum)| format!("{sum}  {name}\n"));
    let text: String = lines.collect();
    Ok(write_atomic(&folder.join(SUMS), text.as_bytes())?)
}

/// Checks that the files below `folder` are those that its `SHA256SUMS` lists, no fewer, no more,
/// and none of them changed. Names are compared first, content after.
///
/// # Errors
/// [`Error::Invalid`] with the first file, by path, that is missing, extra or differs;
/// [`Error::Core`] where one cannot be read.
pub fn verify(folder: &Path) -> Result<()> {
    let listed = read_sums(folder)?;
    let found = files(folder)?;
    let invalid = |file: &str, reason: String| Error::Invalid {
        folder: folder.into(),
        file: file.into(),
        reason,
    };
    let missing = listed.keys().find(|f| !found.contains_key(*f));
    let extra = found.keys().find(|f| !listed.contains_key(*f));
    match (missing, extra) {
        (Some(m), e) if e.is_none_or(|e| m < e) => {
            return Err(invalid(m, format!("is missing, but {SUMS} lists it")));
        }
        (_, Some(e)) => return Err(invalid(e, format!("is there, but {SUMS} does not list it"))),
        _ => {}
    }
    for (name, path) in &found {
        let (is, was) = (sha256_file(path)?, &listed[name]);
        if is != *was {
            return Err(invalid(
                name,
                format!("differs: SHA-256 {is}, listed {was}"),
            ));
        }
    }
    Ok(())
}

/// Every file below `folder` but `SHA256SUMS` itself, by path relative to it with `/` between.
pub(crate) fn files(folder: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![(String::new(), folder.to_owned())];
    while let Some((prefix, folder)) = folders.pop() {
        let io = |e| Error::io("read folder", &folder, e);
        for entry in std::fs::read_dir(&folder).map_err(io)? {
            let entry = entry.map_err(io)?;
            let path = entry.path();
            let name = format!("{prefix}{}", listable(&entry.file_name(), &path)?);
            if entry.file_type().map_err(io)?.is_dir() {
                folders.push((format!("{name}/"), path));
            } else if !path.is_file() {
                let reason = "neither a file nor a folder";
                return Err(Error::Unlistable { path, reason });
            } else if name != SUMS {
                files.insert(name, path);
            }
        }
    }
    Ok(files)
}

/// The name, if a line of `SHA256SUMS` can hold it as it is.
fn listable<'a>(name: &'a std::ffi::OsStr, path: &Path) -> Result<&'a str> {
    let refused = |reason| Error::Unlistable {
        path: path.into(),
        reason,
    };
    let name = name.to_str().ok_or(refused("a name that is not UTF-8"))?;
    match name.contains(['\n', '\r', '\\']) {
        false => Ok(name),
        true => Err(refused("a name with a line break or a backslash")),
    }
}
