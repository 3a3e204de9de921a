use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::folder::{PARTIAL, create_folder, folder_of, is_temporary, sync_folder};
use super::lock::{FolderLock, LOCK_FILE};
use crate::{Error, Result};

/// A folder that appears under its name as a whole, and never if its process is killed before. Until
/// [`StagedFolder::name_all`] it is `.partial-NAME` beside its place, locked for its process.
///
/// What is written in there is not brought to the disk file by file: [`write_atomic`](super::write_atomic),
/// [`GrowingTable::commit`](super::GrowingTable::commit) and [`sync_folder`] leave it to the one sync of
/// [`StagedFolder::name_all`], which many folders share.
///
/// ```
/// use outcrop_core::{StagedFolder, write_atomic};
///
/// let folder = tempfile::tempdir()?;
/// let run = folder.path().join("run");
/// let staged = StagedFolder::begin(&run, "this process")?.expect("nobody wrote it yet");
/// write_atomic(&staged.path().join("state.json"), b"{}")?;
/// assert!(!run.exists());
/// StagedFolder::name_all([staged]).into_iter().collect::<Result<(), _>>()?;
/// assert_eq!(std::fs::read(run.join("state.json"))?, b"{}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct StagedFolder {
    target: PathBuf,
    path: PathBuf,
    lock: FolderLock,
}

impl StagedFolder {
    /// Begins the folder `target`, locked for `holder`; what a killed process left of it is removed. None where `target`
    /// is there already.
    ///
    /// # Errors
    /// [`Error::Locked`] if another process writes it; [`Error::Io`] with the path.
    pub fn begin(target: &Path, holder: &str) -> Result<Option<Self>> {
        if target.exists() {
            return Ok(None);
        }
        let path = staged(target);
        create_folder(&folder_of(target))?;
        match fs::create_dir(&path) {
            Err(e) if e.kind() != ErrorKind::AlreadyExists => {
                return Err(Error::io("create folder", &path, e));
            }
            _ => {}
        }
        let lock = FolderLock::acquire(&path, holder)?;
        let target = target.to_owned();
        let folder = Self { target, path, lock };
        if folder.target.exists() {
            return folder.remove().map(|()| None); // another process named it in between
        }
        folder.clear()?;
        Ok(Some(folder))
    }

    /// Where it is written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its lock.
    pub fn lock(&self) -> &FolderLock {
        &self.lock
    }

    /// Brings the folders to the disk together, and then gives each its name.
    ///
    /// # Errors
    /// [`Error::Io`], for each folder by itself; it then keeps its temporary name.
    pub fn name_all(folders: impl IntoIterator<Item = Self>) -> Vec<Result<()>> {
        let folders: Vec<Self> = folders.into_iter().collect();
        let above: BTreeSet<PathBuf> = folders.iter().map(|f| folder_of(&f.target)).collect();
        let synced = sync_all(&folders);
        let mut named: Vec<Result<()>> = folders
            .into_iter()
            .map(|folder| match &synced {
                Ok(()) => folder.name(),
                Err(error) => {
                    let source = std::io::Error::other(error.to_string());
                    Err(Error::io("sync", &folder.path, source))
                }
            })
            .collect();
        let names = above.iter().try_for_each(|folder| sync_folder(folder));
        if let (Err(error), Some(last)) = (names, named.last_mut()) {
            *last = Err(error);
        }
        named
    }

    fn name(self) -> Result<()> {
        let Self { target, path, lock } = self;
        fs::rename(&path, &target).map_err(|e| Error::io("write", &target, e))?;
        lock.release_in(&target);
        Ok(())
    }

    /// Removes what it holds, but for its lock.
    fn clear(&self) -> Result<()> {
        let io = |e| Error::io("remove", &self.path, e);
        for entry in fs::read_dir(&self.path).map_err(io)? {
            let entry = entry.map_err(io)?;
            let is_folder = entry.file_type().map_err(io)?.is_dir();
            match (entry.file_name() == LOCK_FILE, is_folder) {
                (true, _) => {}
                (false, true) => fs::remove_dir_all(entry.path()).map_err(io)?,
                (false, false) => fs::remove_file(entry.path()).map_err(io)?,
            }
        }
        Ok(())
    }

    fn remove(self) -> Result<()> {
        let removed = fs::remove_dir_all(&self.path);
        removed.map_err(|e| Error::io("remove", &self.path, e))
    }
}

/// Removes the folders in `folder` that killed processes did not name; one that a live process writes is kept.
///
/// # Errors
/// [`Error::Io`] with the folder.
pub fn remove_staged(folder: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry.map_err(|e| Error::io("read folder", folder, e))?;
        let path = entry.path();
        if !is_temporary(&path) || !path.is_dir() {
            continue;
        }
        match FolderLock::acquire(&path, "a process that removes it") {
            Ok(_lock) => {
                let removed = fs::remove_dir_all(&path);
                removed.map_err(|e| Error::io("remove", &path, e))?;
            }
            Err(Error::Locked { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Where a folder is written before it has its name.
pub fn staged(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    folder_of(target).join(format!("{PARTIAL}{name}"))
}

/// Brings the folders to the disk with one call for all of their file system, which costs about as much as the sync of a
/// single file.
#[cfg(target_os = "linux")]
fn sync_all(folders: &[StagedFolder]) -> Result<()> {
    let Some(first) = folders.first() else {
        return Ok(());
    };
    let io = |e| Error::io("sync", &first.path, e);
    let is_on = |folder: &Path| {
        use std::os::unix::fs::MetadataExt;
        folder.metadata().map(|found| found.dev()).map_err(io)
    };
    let device = is_on(&first.path)?;
    for folder in folders {
        if is_on(&folder.path)? != device {
            super::folder::sync_files(&folder.path)?;
        }
    }
    let opened = fs::File::open(&first.path).map_err(io)?;
    rustix::fs::syncfs(&opened).map_err(|e| io(e.into()))
}

/// Brings the folders to the disk.
#[cfg(not(target_os = "linux"))]
fn sync_all(folders: &[StagedFolder]) -> Result<()> {
    let mut folders = folders.iter();
    folders.try_for_each(|folder| super::folder::sync_files(&folder.path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write_atomic;

    fn begin(target: &Path) -> StagedFolder {
        StagedFolder::begin(target, "us").unwrap().unwrap()
    }

    #[test]
    fn folders_are_named_whole_and_left_unlocked() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join("runs").join(name);
        let folders = ["a", "b"].map(|name| begin(&at(name)));
        for folder in &folders {
            write_atomic(&folder.path().join("table.csv"), b"1\n").unwrap();
        }
        let refused = StagedFolder::begin(&at("a"), "others").unwrap_err();
        assert!(refused.to_string().contains("us"), "{refused}");
        assert!(!at("a").exists() && staged(&at("a")).exists());
        let named = StagedFolder::name_all(folders);
        assert!(named.iter().all(Result::is_ok), "{named:?}");
        for name in ["a", "b"] {
            assert_eq!(fs::read(at(name).join("table.csv")).unwrap(), b"1\n");
            assert_eq!(
                fs::read_dir(at(name)).unwrap().count(),
                1,
                "no lock is left"
            );
        }
        assert_eq!(fs::read_dir(dir.path().join("runs")).unwrap().count(), 2);
        assert!(StagedFolder::begin(&at("a"), "others").unwrap().is_none());
    }

    #[test]
    fn what_a_killed_process_left_is_no_part_of_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("run");
        fs::create_dir_all(staged(&target).join("checkpoints")).unwrap();
        fs::write(staged(&target).join("state.json"), "half").unwrap();
        fs::create_dir(dir.path().join(".partial-other")).unwrap();
        let folder = begin(&target);
        remove_staged(dir.path()).unwrap();
        assert!(!dir.path().join(".partial-other").exists());
        assert!(folder.path().exists(), "a live process writes it");
        StagedFolder::name_all([folder]).remove(0).unwrap();
        assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
    }
}
