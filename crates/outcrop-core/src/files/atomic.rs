use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::folder::{PARTIAL, folder_of, is_staged, sync_folder};
use crate::error::Unwritten;
use crate::{Error, Result};

/// Writes `bytes` to `path` so that the file has either its old content or the complete new content:
/// temporary file in the same folder, fsync, rename, fsync of the folder.
///
/// # Errors
/// [`Error::Io`] with the path; nothing is left behind.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    write_atomic_with(path, |file| file.write_all(bytes))
}

/// As [`write_atomic`], unless the file already has this content.
///
/// # Errors
/// As [`write_atomic`].
pub fn write_unless_same(path: &Path, bytes: &[u8]) -> Result<()> {
    match std::fs::read(path).is_ok_and(|held| held == bytes) {
        true => Ok(()),
        false => write_atomic(path, bytes),
    }
}

/// As [`write_atomic`], with the content streamed by `fill`.
///
/// # Errors
/// [`Error::Io`] with the path, also where `fill` fails; nothing is left behind.
pub fn write_atomic_with(
    path: &Path,
    fill: impl FnOnce(&mut AtomicFile) -> std::io::Result<()>,
) -> Result<()> {
    let mut file = AtomicFile::create(path)?;
    fill(&mut file).map_err(|source| Error::io("write", path, source))?;
    file.finish()
}

/// A file that appears under its name when it is finished, and never if it is dropped before. Until then bytes go to a
/// temporary file in the same folder. A symbolic link is followed. A device or pipe, such as `/dev/null`, is not
/// replaced and gets the bytes directly. A [`StagedFolder`](super::StagedFolder) appears as a whole, so that a file in it has
/// its name at once.
///
/// ```
/// use std::io::Write;
///
/// use outcrop_core::AtomicFile;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("table.csv");
/// let mut file = AtomicFile::create(&path)?;
/// file.write_all(b"step,ratio\n")?;
/// assert!(!path.exists());
/// file.finish()?;
/// assert_eq!(std::fs::read(&path)?, b"step,ratio\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AtomicFile {
    /// The path as given.
    path: PathBuf,
    /// The file that the path leads to.
    file: PathBuf,
    writer: std::io::BufWriter<Target>,
}

#[derive(Debug)]
enum Target {
    Partial(tempfile::NamedTempFile),
    /// A file of a temporary folder, which appears as a whole: it has its name, and is removed where it is dropped.
    Staged(File, tempfile::TempPath),
    /// A device or a pipe.
    Direct(File),
}

impl AtomicFile {
    /// Opens a temporary file beside `path`.
    ///
    /// # Errors
    /// [`Error::Io`] with the path.
    pub fn create(path: &Path) -> Result<Self> {
        let io = |source| Error::io("write", path, source);
        if is_staged(&folder_of(path)) {
            let file = File::create(path).map_err(io)?;
            let name = tempfile::TempPath::try_from_path(path).map_err(io)?;
            return Ok(Self {
                path: path.to_owned(),
                file: path.to_owned(),
                writer: buffered(Target::Staged(file, name)),
            });
        }
        // What does not exist yet is written where it is named.
        let file = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let target = match std::fs::metadata(&file) {
            Ok(there) if !there.is_file() => {
                Target::Direct(OpenOptions::new().write(true).open(&file).map_err(io)?)
            }
            _ => Target::Partial(partial(&folder_of(&file)).map_err(io)?),
        };
        Ok(Self {
            path: path.to_owned(),
            file,
            writer: buffered(target),
        })
    }

    /// Makes the content durable and renames the file to its final name: fsync, rename, fsync of the folder.
    ///
    /// # Errors
    /// [`Error::Io`] with the path; nothing is left behind.
    pub fn finish(self) -> Result<()> {
        let io = |source| Error::io("write", &self.path, source);
        let partial = match self.writer.into_inner().map_err(|e| io(e.into_error()))? {
            Target::Partial(partial) => partial,
            Target::Staged(_, name) => return name.keep().map(drop).map_err(|e| io(e.error)),
            Target::Direct(_) => return Ok(()),
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let readable = std::fs::Permissions::from_mode(0o644);
            partial.as_file().set_permissions(readable).map_err(io)?;
        }
        partial.as_file().sync_all().map_err(io)?;
        partial.persist(&self.file).map_err(|e| io(e.error))?;
        sync_folder(&folder_of(&self.file))
    }
}

/// 64 KiB at a time, since a call of the system costs more than copying 8 KiB.
fn buffered(target: Target) -> std::io::BufWriter<Target> {
    std::io::BufWriter::with_capacity(1 << 16, target)
}

/// A temporary file, locked while its process lives: so [`remove_leftovers`](super::remove_leftovers) can tell it from
/// files of killed processes.
fn partial(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let partial = tempfile::Builder::new()
        .prefix(PARTIAL)
        .tempfile_in(folder)?;
    // Where the system knows no locks, nothing is removed either.
    let _ = partial.as_file().try_lock();
    Ok(partial)
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Partial(file) => file.as_file_mut().write(bytes),
            Self::Staged(file, _) | Self::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Partial(file) => file.as_file_mut().flush(),
            Self::Staged(file, _) | Self::Direct(file) => file.flush(),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.writer.write(bytes);
        written.map_err(|e| Unwritten::of(&self.path, e))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let flushed = self.writer.flush();
        flushed.map_err(|e| Unwritten::of(&self.path, e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_content_and_no_partial_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table.csv");
        write_atomic(&path, b"old").unwrap();
        let failed = write_atomic_with(&path, |w| {
            w.write_all(b"half")?;
            Err(std::io::Error::other("disk full"))
        });
        assert!(failed.unwrap_err().to_string().contains("table.csv"));
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    #[cfg(unix)]
    fn a_link_stays_a_link_and_a_device_a_device() {
        use std::os::unix::fs::{FileTypeExt, symlink};

        let dir = tempfile::tempdir().unwrap();
        let [table, link, sink] = ["table.csv", "link", "sink"].map(|name| dir.path().join(name));
        symlink(&table, &link).unwrap();
        write_atomic(&table, b"old").unwrap();
        write_atomic(&link, b"new").unwrap();
        assert_eq!(std::fs::read(&table).unwrap(), b"new");
        symlink("/dev/null", &sink).unwrap();
        write_atomic(&sink, b"nothing").unwrap();
        for path in [&link, &sink] {
            assert!(path.symlink_metadata().unwrap().is_symlink());
        }
        let device = std::fs::metadata(&sink).unwrap().file_type();
        assert!(device.is_char_device());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3);
    }
}
