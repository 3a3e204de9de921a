//! The cache's layout, that of Python's `huggingface_hub`: contents in `blobs`, links to them by
//! commit in `snapshots`, commits by revision in `refs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use outcrop_core::{sha256_file, write_atomic};

use super::lock;
use crate::sums::{SUMS, read_sums, write_listed};
use crate::{Error, Result};

/// A file's content on the disk.
#[derive(Debug)]
pub(super) struct Blob {
    pub(super) path: PathBuf,
    pub(super) sha256: String,
}

/// A model's part of the cache.
#[derive(Debug)]
pub(super) struct CachedModel {
    pub(super) blobs: PathBuf,
    pub(super) snapshots: PathBuf,
    refs: PathBuf,
    locks: PathBuf,
    /// A file for each revision that is to be deleted when it was used.
    passing: PathBuf,
}

impl CachedModel {
    pub(super) fn new(cache: &Path, name: &str) -> Self {
        let folder = cache.join(name);
        let [blobs, snapshots, refs] = ["blobs", "snapshots", "refs"].map(|n| folder.join(n));
        Self {
            blobs,
            snapshots,
            refs,
            locks: cache.join(".locks").join(name),
            passing: folder.join("outcrop-passing"),
        }
    }

    /// Where `huggingface_hub` locks a content.
    pub(super) fn lock(&self, etag: &str) -> PathBuf {
        self.locks.join(format!("{etag}.lock"))
    }

    /// Removes what killed processes left, but for the youngest.
    pub(super) fn sweep(&self) -> Result<()> {
        lock::sweep(&self.blobs, |etag| self.lock(etag))
    }

    /// The folder of a revision, if it was fetched whole and still is.
    pub(super) fn whole(&self, revision: &str) -> Result<Option<PathBuf>> {
        let Some(commit) = self.commit(revision) else {
            return Ok(None);
        };
        let folder = self.snapshots.join(commit);
        Ok(is_whole(&folder)?.then_some(folder))
    }

    /// The commit that a revision is, as far as the cache knows.
    pub(super) fn commit(&self, revision: &str) -> Option<String> {
        let text = fs::read_to_string(self.refs.join(revision)).ok()?;
        let commit = text.trim();
        let is_hash = !commit.is_empty() && commit.bytes().all(|b| b.is_ascii_hexdigit());
        is_hash.then(|| commit.to_owned())
    }

    pub(super) fn snapshot(&self, commit: &str) -> Result<Snapshot> {
        let folder = self.snapshots.join(commit);
        fs::create_dir_all(&folder).map_err(|e| Error::io("write into folder", &folder, e))?;
        let sums = BTreeMap::new();
        Ok(Snapshot { folder, sums })
    }

    pub(super) fn refer(&self, revision: &str, commit: &str) -> Result<()> {
        let path = self.refs.join(revision);
        let folder = path.parent().unwrap_or(&self.refs);
        fs::create_dir_all(folder).map_err(|e| Error::io("write into folder", folder, e))?;
        Ok(write_atomic(&path, commit.as_bytes())?)
    }

    /// Where users of a revision are known by.
    pub(super) fn use_lock(&self, revision: &str) -> PathBuf {
        self.lock(&format!("outcrop-use-{}", revision.replace('/', "%2F")))
    }

    /// Deletes a revision and what only it has; its name last, so that a process that is killed
    /// amid it leaves the rest to the next. Returns the bytes that this freed; what another process
    /// uses stays, and is its to delete.
    pub(super) fn delete(&self, revision: &str) -> Result<u64> {
        let lock = self.use_lock(revision);
        let freed = match lock::unused(&lock)? {
            None => return Ok(0),
            Some(_held) => self.delete_unused(revision)?,
        };
        lock::forget(&lock)?;
        Ok(freed)
    }

    fn delete_unused(&self, revision: &str) -> Result<u64> {
        let Some(commit) = self.commit(revision) else {
            return self.set_passing(revision, false).map(|()| 0);
        };
        let (name, mut freed) = (self.refs.join(revision), 0);
        let mut revisions = files(&self.refs)?.into_iter().filter(|file| *file != name);
        if !revisions.any(|file| fs::read_to_string(file).is_ok_and(|c| c.trim() == commit)) {
            freed = self.delete_snapshot(&self.snapshots.join(commit))?;
        }
        remove(&name)?;
        self.set_passing(revision, false)?;
        Ok(freed)
    }

    fn delete_snapshot(&self, folder: &Path) -> Result<u64> {
        let list = folder.join(SUMS);
        let mut freed = 0;
        if list.is_file() {
            // From here on it is not whole.
            freed += length(&list)?;
            remove(&list)?;
        }
        let all = files(&self.snapshots)?.into_iter();
        let (ours, others): (Vec<_>, Vec<_>) = all.partition(|file| file.starts_with(folder));
        let contents = others.iter().filter_map(|file| file.canonicalize().ok());
        let kept: BTreeSet<PathBuf> = contents.collect();
        for file in ours {
            let blob = file.canonicalize().ok();
            let blob = blob.filter(|blob| *blob != file && !kept.contains(blob));
            if let Some(blob) = blob.filter(|blob| blob.is_file()) {
                freed += length(&blob)?;
                remove(&blob)?;
                if let Some(etag) = blob.file_name().and_then(|name| name.to_str()) {
                    lock::forget(&self.lock(etag))?;
                }
            } else if !file.is_symlink() {
                freed += length(&file)?;
            }
            remove(&file)?;
        }
        match fs::remove_dir_all(folder) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(Error::io("remove", folder, e)),
            _ => Ok(freed),
        }
    }

    /// Whether a revision was fetched only to be used and deleted.
    pub(super) fn is_passing(&self, revision: &str) -> bool {
        self.mark(revision).is_file()
    }

    pub(super) fn set_passing(&self, revision: &str, is_passing: bool) -> Result<()> {
        let mark = self.mark(revision);
        match is_passing {
            _ if is_passing == mark.is_file() => Ok(()),
            false => remove(&mark),
            true => {
                let folder = &self.passing;
                fs::create_dir_all(folder)
                    .map_err(|e| Error::io("write into folder", folder, e))?;
                Ok(write_atomic(&mark, b"")?)
            }
        }
    }

    fn mark(&self, revision: &str) -> PathBuf {
        self.passing.join(revision.replace('/', "%2F"))
    }
}

fn length(path: &Path) -> Result<u64> {
    let file = fs::metadata(path).map_err(|e| Error::io("read", path, e))?;
    Ok(file.len())
}

/// Whether all files that a folder's `SHA256SUMS` lists are there and as listed. Those that nothing has
/// touched since the list was written are not read: by time of content and, on Unix, of any change.
/// What was read and is right is not read again next time.
fn is_whole(folder: &Path) -> Result<bool> {
    let list = folder.join(SUMS);
    let Ok(listed) = fs::metadata(&list).and_then(|m| m.modified()) else {
        return Ok(false);
    };
    let Ok(sums) = read_sums(folder) else {
        return Ok(false);
    };
    let mut was_read = false;
    for (name, sum) in &sums {
        let path = folder.join(name);
        let Ok(file) = fs::metadata(&path) else {
            return Ok(false);
        };
        if changed(&file).is_some_and(|time| time < listed) {
            continue;
        }
        was_read = true;
        if sha256_file(&path)? != *sum {
            return Ok(false);
        }
    }
    if was_read {
        // A cache that cannot be written into is read each time.
        let _ = write_listed(folder, &sums);
    }
    Ok(true)
}

/// When a file was touched last.
fn changed(file: &fs::Metadata) -> Option<SystemTime> {
    let content = file.modified().ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let seconds = u64::try_from(file.ctime()).ok()?;
        let nanos = u32::try_from(file.ctime_nsec()).ok()?;
        let any = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos);
        Some(any.max(content))
    }
    #[cfg(not(unix))]
    Some(content)
}

/// A commit's folder while it is filled; `SHA256SUMS`, written last, says that it is whole.
pub(super) struct Snapshot {
    folder: PathBuf,
    sums: BTreeMap<String, String>,
}

impl Snapshot {
    /// Gives a content its name in the folder.
    pub(super) fn link(&mut self, name: &str, blob: &Blob) -> Result<()> {
        let path = self.folder.join(name);
        if fs::symlink_metadata(&path).is_ok() {
            remove(&path)?;
        }
        link(&blob.path, &path).map_err(|e| Error::io("write", &path, e))?;
        self.sums.insert(name.into(), blob.sha256.clone());
        Ok(())
    }

    pub(super) fn finish(self) -> Result<PathBuf> {
        write_listed(&self.folder, &self.sums)?;
        Ok(self.folder)
    }
}

#[cfg(unix)]
fn link(blob: &Path, path: &Path) -> std::io::Result<()> {
    let name = blob.file_name().unwrap_or_default();
    std::os::unix::fs::symlink(Path::new("../../blobs").join(name), path)
}

/// Where links need rights that users lack, the content itself moves.
#[cfg(not(unix))]
fn link(blob: &Path, path: &Path) -> std::io::Result<()> {
    fs::rename(blob, path)
}

/// Every file below a folder, links among them; none where it is missing.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop().filter(|f| f.is_dir()) {
        let io = |e| Error::io("read folder", &folder, e);
        for entry in fs::read_dir(&folder).map_err(io)? {
            let entry = entry.map_err(io)?;
            match entry.file_type().map_err(io)?.is_dir() {
                true => folders.push(entry.path()),
                false => found.push(entry.path()),
            }
        }
    }
    Ok(found)
}

fn remove(path: &Path) -> Result<()> {
    fs::remove_file(path).map_err(|e| Error::io("remove", path, e))
}
