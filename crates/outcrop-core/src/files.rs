use std::io::Write;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Writes `bytes` to `path` so that the name holds either the old content or the whole new one:
/// temporary file in the same folder, fsync, rename, fsync of the folder.
///
/// # Errors
/// [`Error::Io`] with the path; nothing is left behind.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    write_atomic_with(path, |file| file.write_all(bytes))
}

/// As [`write_atomic`], with the content streamed by `fill`.
///
/// # Errors
/// [`Error::Io`] with the path, also where `fill` fails; nothing is left behind.
pub fn write_atomic_with(
    path: &Path,
    fill: impl FnOnce(&mut std::io::BufWriter<&mut std::fs::File>) -> std::io::Result<()>,
) -> Result<()> {
    let io = |source| Error::io("write", path, source);
    let folder = folder_of(path);
    let mut file = tempfile::Builder::new()
        .prefix(".partial-")
        .tempfile_in(&folder)
        .map_err(io)?;
    let mut writer = std::io::BufWriter::new(file.as_file_mut());
    fill(&mut writer)
        .and_then(|()| writer.flush())
        .map_err(io)?;
    drop(writer);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let readable = std::fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(readable).map_err(io)?;
    }
    file.as_file().sync_all().map_err(io)?;
    file.persist(path).map_err(|e| io(e.error))?;
    sync_folder(&folder)
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Makes the names in `folder` outlast a power cut (fsync of the folder); nothing to do where the
/// system has no such call.
///
/// # Errors
/// [`Error::Io`] with the folder.
#[cfg(unix)]
pub fn sync_folder(folder: &Path) -> Result<()> {
    std::fs::File::open(folder)
        .and_then(|f| f.sync_all())
        .map_err(|source| Error::io("sync folder", folder, source))
}

/// Nothing to do on this system.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn sync_folder(_: &Path) -> Result<()> {
    Ok(())
}

/// Creates `folder` if need be and makes sure that files can be written into it, so that a long
/// piece of work can say so before it starts.
///
/// # Errors
/// [`Error::Io`] with the folder.
pub fn check_writable(folder: &Path) -> Result<()> {
    let io = |source| Error::io("write into folder", folder, source);
    std::fs::create_dir_all(folder).map_err(io)?;
    tempfile::Builder::new()
        .prefix(".partial-")
        .tempfile_in(folder)
        .map_err(io)?;
    Ok(())
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
    fn a_file_in_the_place_of_the_folder_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("occupied");
        write_atomic(&path, b"").unwrap();
        let error = check_writable(&path.join("out")).unwrap_err().to_string();
        assert!(error.contains("occupied"), "{error}");
    }
}
