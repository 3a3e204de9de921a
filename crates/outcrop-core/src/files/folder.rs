use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::lock::LOCK_FILE;
use crate::{Error, Result};

/// The prefix of names of files and folders that are being written.
pub(super) const PARTIAL: &str = ".partial-";

pub(super) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Whether a file or folder has the name of one that is being written, and is to be passed over.
pub fn is_temporary(path: &Path) -> bool {
    path.file_name().is_some_and(is_partial)
}

/// Whether the folder is temporary, or in one that is: it is brought to the disk as a whole when that gets its name.
pub(super) fn is_staged(folder: &Path) -> bool {
    folder.components().any(|part| is_partial(part.as_os_str()))
}

fn is_partial(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(PARTIAL.as_bytes())
}

/// Makes the names in `folder` survive a power cut (fsync of the folder); does nothing on systems without such a call, and
/// in a [`StagedFolder`](super::StagedFolder).
///
/// # Errors
/// [`Error::Io`] with the folder.
pub fn sync_folder(folder: &Path) -> Result<()> {
    match is_staged(folder) {
        true => Ok(()),
        false => sync_names(folder),
    }
}

/// Brings every file and folder below `folder`, which is about to get its name, and itself to the disk; does nothing in a
/// [`StagedFolder`](super::StagedFolder).
///
/// # Errors
/// [`Error::Io`] with the path.
pub fn sync_tree(folder: &Path) -> Result<()> {
    match is_staged(&folder_of(folder)) {
        true => Ok(()),
        false => sync_files(folder),
    }
}

/// As [`sync_tree`], wherever it is.
pub(super) fn sync_files(folder: &Path) -> Result<()> {
    let io = |e| Error::io("sync", folder, e);
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.is_dir() {
            sync_files(&path)?;
        } else {
            // Windows syncs only what is open for writing.
            let mut options = fs::OpenOptions::new();
            let file = options.read(true).write(cfg!(windows)).open(&path);
            let synced = file.and_then(|file| file.sync_all());
            synced.map_err(|e| Error::io("sync", &path, e))?;
        }
    }
    sync_names(folder)
}

#[cfg(unix)]
fn sync_names(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|f| f.sync_all())
        .map_err(|source| Error::io("sync folder", folder, source))
}

#[cfg(not(unix))]
fn sync_names(_: &Path) -> Result<()> {
    Ok(())
}

/// Creates `folder` and its parents if they are missing, each so that it survives a power cut.
///
/// # Errors
/// [`Error::Io`] with the folder.
pub fn create_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder_of(folder);
    if above != folder {
        create_folder(&above)?;
    }
    match fs::create_dir(folder) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(e) => Err(Error::io("create folder", folder, e)),
        Ok(()) => sync_folder(&above),
    }
}

/// Creates `folder` if necessary and checks that files can be written into it, so that a long task can fail before it
/// starts.
///
/// # Errors
/// [`Error::Io`] with the folder.
pub fn check_writable(folder: &Path) -> Result<()> {
    create_folder(folder)?;
    if is_staged(folder) {
        return Ok(()); // this process has just made it
    }
    tempfile::Builder::new()
        .prefix(PARTIAL)
        .tempfile_in(folder)
        .map_err(|source| Error::io("write into folder", folder, source))?;
    Ok(())
}

/// Whether `folder` is missing, empty, or holds only files of killed processes ([`remove_leftovers`]) and a lock.
pub fn holds_nothing(folder: &Path) -> bool {
    let ours = |entry: std::io::Result<fs::DirEntry>| {
        let name = entry.map(|e| e.file_name().to_string_lossy().into_owned());
        name.is_ok_and(|name| name.starts_with(PARTIAL) || name == LOCK_FILE)
    };
    fs::read_dir(folder).map_or(true, |mut entries| entries.all(ours))
}

/// Removes the temporary files in `folder` whose process has ended (killed, or by a power cut). A file that a live
/// process is writing is locked and kept; if the system has no locks, all are kept. Returns the number of removed
/// files; a missing folder has none.
///
/// # Errors
/// [`Error::Io`] with the file.
pub fn remove_leftovers(folder: &Path) -> Result<usize> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(0);
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry.map_err(|e| Error::io("read folder", folder, e))?;
        let named = is_partial(&entry.file_name());
        if named && entry.path().is_file() {
            removed += usize::from(remove_dead(&entry.path())?);
        }
    }
    Ok(removed)
}

/// Removes a temporary file unless a live process holds it.
fn remove_dead(path: &Path) -> Result<bool> {
    let Ok(file) = File::open(path) else {
        return Ok(false);
    };
    if let Err(TryLockError::WouldBlock | TryLockError::Error(_)) = file.try_lock() {
        return Ok(false);
    }
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(Error::io("remove", path, e)),
        removed => Ok(removed.is_ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AtomicFile, write_atomic};

    #[test]
    fn a_file_in_the_place_of_the_folder_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("occupied");
        write_atomic(&path, b"").unwrap();
        let error = check_writable(&path.join("out")).unwrap_err().to_string();
        assert!(error.contains("occupied"), "{error}");
    }

    #[test]
    fn what_the_dead_left_goes_and_what_the_living_write_stays() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at(".partial-dead"), "half").unwrap();
        let living = AtomicFile::create(&at("table.csv")).unwrap();
        assert!(holds_nothing(dir.path()));
        assert_eq!(remove_leftovers(dir.path()).unwrap(), 1);
        assert!(!at(".partial-dead").exists());
        living.finish().unwrap();
        assert!(at("table.csv").exists() && !holds_nothing(dir.path()));
        assert_eq!(remove_leftovers(&at("missing")).unwrap(), 0);
    }

    #[test]
    fn folders_are_made_from_the_top() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b/c");
        create_folder(&deep).unwrap();
        create_folder(&deep).unwrap();
        assert!(deep.is_dir());
        fs::write(deep.join("file"), "").unwrap();
        let error = create_folder(&deep.join("file/d")).unwrap_err();
        assert!(error.to_string().contains("file"), "{error}");
    }
}
