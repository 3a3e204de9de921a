use std::path::Path;

use crate::{Error, Result};

/// How every pointer of Git LFS begins, of whatever version.
const START: &[u8] = b"version https://git-lfs.github.com/spec/";
/// A pointer is never larger.
const MAX_BYTES: usize = 1024;

/// Refuses a file that is a pointer of Git LFS, as a clone without `git lfs` leaves it, instead of the file
/// that it stands for; `start` is the file's beginning, at best its first 1024 bytes.
///
/// ```
/// use std::path::Path;
/// let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 42\n";
/// let error = outcrop_core::refuse_lfs_pointer(Path::new("ids.npy"), pointer).unwrap_err();
/// assert!(error.to_string().contains("is a Git LFS pointer: run git lfs pull"));
/// assert!(outcrop_core::refuse_lfs_pointer(Path::new("ids.npy"), b"\x93NUMPY").is_ok());
/// ```
///
/// # Errors
/// [`Error::LfsPointer`].
pub fn refuse_lfs_pointer(path: &Path, start: &[u8]) -> Result<()> {
    if !start.starts_with(START) {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&start[..start.len().min(MAX_BYTES)]);
    let size = text.lines().find_map(|line| line.strip_prefix("size "));
    let size = size.and_then(|n| n.trim().parse::<u64>().ok());
    Err(Error::LfsPointer {
        path: path.to_owned(),
        stands_for: size.map_or("the file".into(), |n| format!("the {n} bytes")),
    })
}
