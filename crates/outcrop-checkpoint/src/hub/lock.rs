//! One process at a time fetches a content: by the lock files of Python's `huggingface_hub`, so that
//! the two keep out of each other's way too. The operating system gives a lock back when its process ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::answer::failed;
use super::caller::HubCaller;
use crate::{Error, Result};

/// How long another process may bring nothing before it is not waited for any longer.
const IDLE: Duration = Duration::from_secs(120);
/// The longest wait before looking again.
const LOOK: Duration = Duration::from_secs(30);
/// Downloads that broke off and are kept, so that they can go on: the youngest of a model.
const KEPT: usize = 4;
/// How a content that is not whole is named, after its own name.
pub(super) const INCOMPLETE: &str = ".incomplete";

/// The right to fetch a content, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Takes the lock at `path`; another process that has it is waited for as long as what `arrived` of
/// the content grows.
pub(super) fn take(
    path: &Path,
    name: &str,
    caller: &dyn HubCaller,
    arrived: impl Fn() -> u64,
) -> Result<Lock> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|e| Error::io("write into folder", folder, e))?;
    let (mut seen, mut idle, mut wait) = (arrived(), Duration::ZERO, Duration::from_secs(1));
    loop {
        if let Some(lock) = attempt(path)? {
            return Ok(lock);
        }
        let holder = fs::read_to_string(path).unwrap_or_default();
        let holder = match holder.trim() {
            "" => "another process".to_owned(),
            pid => format!("another process ({pid})"),
        };
        if idle >= IDLE {
            let reason = format!(
                "{holder} has been fetching it without progress for {} s; end that process, or \
                 remove {} if there is none",
                idle.as_secs(),
                path.display()
            );
            return Err(failed(name, reason));
        }
        if !caller.wait(wait, &format!("{holder} is fetching {name}")) {
            return Err(Error::Stopped { what: name.into() });
        }
        let now = arrived();
        idle = if now == seen {
            idle + wait
        } else {
            Duration::ZERO
        };
        (seen, wait) = (now, (2 * wait).min(LOOK));
    }
}

/// The lock, if no other process has it.
fn attempt(path: &Path) -> Result<Option<Lock>> {
    let io = |e| Error::io("write", path, e);
    loop {
        let open = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path);
        let mut file = open.map_err(io)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(None),
            Ok(()) if is_removed(&file) => continue,
            // Where the system knows no locks, contents are checked all the same.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        // Only so that others can say who it is.
        let said = file
            .set_len(0)
            .and_then(|()| write!(file, "{}", std::process::id()));
        said.map_err(io)?;
        return Ok(Some(Lock { _file: file }));
    }
}

/// Marks a revision as in use, so that other processes do not delete it, until it is dropped. Where the file system
/// has no locks it says nothing.
#[derive(Debug)]
pub struct InUse {
    _file: Option<File>,
}

/// Marks the revision of the lock file at `path` as in use; others may use it, too.
pub(super) fn in_use(path: &Path) -> Result<InUse> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|e| Error::io("write into folder", folder, e))?;
    loop {
        let open = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path);
        let file = open.map_err(|e| Error::io("write", path, e))?;
        match file.lock_shared() {
            Ok(()) if is_removed(&file) => {}
            Ok(()) => return Ok(InUse { _file: Some(file) }),
            Err(_) => return Ok(InUse { _file: None }),
        }
    }
}

/// The right to delete the revision of the lock file at `path`, unless a process uses it.
pub(super) fn unused(path: &Path) -> Result<Option<Lock>> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|e| Error::io("write into folder", folder, e))?;
    attempt(path)
}

/// Whether someone removed the name of a file after it was opened.
#[cfg(unix)]
fn is_removed(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|m| m.nlink() == 0)
}

#[cfg(not(unix))]
fn is_removed(_: &File) -> bool {
    false
}

/// Removes the lock file of a content that is gone, unless someone has it.
pub(super) fn forget(path: &Path) -> Result<()> {
    if !path.is_file() {
        return Ok(());
    }
    match attempt(path)? {
        Some(_held) => fs::remove_file(path).map_err(|e| Error::io("remove", path, e)),
        None => Ok(()),
    }
}

/// Removes what processes that were killed left of contents in `blobs`, but for the youngest, unless
/// a live process has its lock.
pub(super) fn sweep(blobs: &Path, lock_of: impl Fn(&str) -> PathBuf) -> Result<()> {
    let Ok(entries) = fs::read_dir(blobs) else {
        return Ok(());
    };
    let mut left: Vec<(SystemTime, PathBuf, String)> = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let etag = name
            .strip_suffix(INCOMPLETE)
            .filter(|etag| !etag.contains('.'));
        if let Some(etag) = etag {
            let time = entry.metadata().and_then(|m| m.modified());
            left.push((
                time.unwrap_or(SystemTime::UNIX_EPOCH),
                entry.path(),
                etag.to_owned(),
            ));
        }
    }
    left.sort();
    let old = left.len().saturating_sub(KEPT);
    for (_, path, etag) in &left[..old] {
        let lock = lock_of(etag);
        if let Some(_held) = unused(&lock)? {
            fs::remove_file(path).map_err(|e| Error::io("remove", path, e))?;
            fs::remove_file(&lock).map_err(|e| Error::io("remove", &lock, e))?;
        }
    }
    Ok(())
}
