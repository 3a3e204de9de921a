use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The file in a folder that its owner locks.
pub const LOCK_FILE: &str = ".lock";

/// One process, or one thread, owns a folder until this is dropped. The lock is the operating system's
/// (advisory, on the file [`LOCK_FILE`]): it ends with its process, however that ends.
///
/// ```
/// use outcrop_core::FolderLock;
///
/// let folder = tempfile::tempdir()?;
/// let first = FolderLock::acquire(folder.path(), "the first since noon")?;
/// let refused = FolderLock::acquire(folder.path(), "the second").unwrap_err();
/// assert!(refused.to_string().contains("the first since noon"));
/// drop(first);
/// FolderLock::acquire(folder.path(), "the second")?;
/// assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FolderLock {
    path: PathBuf,
    file: File,
    /// Why the folder cannot be locked.
    unlocked: Option<std::io::Error>,
}

impl FolderLock {
    /// Locks `folder`, which must exist, for `holder`: a description of the process and since when it runs.
    ///
    /// # Errors
    /// [`Error::Locked`] if another process holds it; [`Error::Io`] if the file cannot be created. A file system
    /// without locks is no error: see [`FolderLock::warning`].
    pub fn acquire(folder: &Path, holder: &str) -> Result<Self> {
        let path = folder.join(LOCK_FILE);
        let io = |e| Error::io("lock", &path, e);
        loop {
            let mut options = OpenOptions::new();
            let file = options.read(true).write(true).create(true).truncate(false);
            let mut file = file.open(&path).map_err(io)?;
            let unlocked = match file.try_lock() {
                Ok(()) if !is_at(&file, &path) => continue, // its last owner has just removed it
                Ok(()) => None,
                Err(TryLockError::Error(reason)) => Some(reason),
                Err(TryLockError::WouldBlock) => {
                    let (folder, holder) = (folder.to_owned(), read_holder(&mut file));
                    return Err(Error::Locked { folder, holder });
                }
            };
            let written = file.set_len(0).and_then(|()| file.rewind());
            let written = written.and_then(|()| writeln!(file, "{holder}"));
            let lock = Self {
                path: path.clone(),
                file,
                unlocked,
            };
            written.map_err(io)?;
            return Ok(lock);
        }
    }

    /// Ends the lock of a folder that was renamed to `folder` meanwhile.
    pub(super) fn release_in(mut self, folder: &Path) {
        self.path = folder.join(LOCK_FILE);
    }

    /// A warning for the user if the file system cannot lock.
    pub fn warning(&self) -> Option<String> {
        self.unlocked.as_ref().map(|reason| {
            format!(
                "{} cannot be locked ({reason}): make sure that no other process works on this folder",
                self.path.display()
            )
        })
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Removed while it is still locked: whoever opened it before finds that it is gone.
        let _ = std::fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

/// The description that the owner wrote shortly after it locked; empty if its lock keeps others from reading. If the
/// owner waits for a processor, this may take longer: retrying for some tenths of a second is enough.
fn read_holder(file: &mut File) -> String {
    const LOOKS: usize = 500_000;
    let mut holder = String::new();
    for _ in 0..LOOKS {
        if file.read_to_string(&mut holder).is_err() || holder.ends_with('\n') {
            break;
        }
    }
    holder.trim().to_owned()
}

/// Whether `path` still names `file`.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let id = |m: std::fs::Metadata| (m.dev(), m.ino());
    let ids = file
        .metadata()
        .map(id)
        .ok()
        .zip(path.metadata().map(id).ok());
    ids.is_some_and(|(a, b)| a == b)
}

/// A locked file cannot be removed by others on this system.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Many threads lock, check and unlock: two never hold the lock, and no file is left.
    #[test]
    fn there_is_one_owner_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let (inside, entered) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let Ok(lock) = FolderLock::acquire(dir.path(), "a thread") else {
                            continue;
                        };
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        entered.fetch_add(1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert!(entered.into_inner() > 0);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_process_left_is_no_lock() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(LOCK_FILE), "somebody long ago, at length").unwrap();
        let lock = FolderLock::acquire(dir.path(), "us").unwrap();
        assert!(lock.warning().is_none());
        let held = std::fs::read_to_string(dir.path().join(LOCK_FILE)).unwrap();
        assert_eq!(held, "us\n");
    }
}
