use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use outcrop_core::sha256_file;

use super::request::{Client, FileInfo, failed, header};
use crate::{Error, Result};

/// Attempts in a row that may bring nothing before a download is given up.
const VAIN_ATTEMPTS: usize = 3;

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transfer<'a> {
    /// The file's name.
    pub file: &'a str,
    /// Bytes that are there, with those of earlier attempts.
    pub done: u64,
    /// Bytes of the whole file, if the hub tells.
    pub total: Option<u64>,
}

/// A file's content on the disk.
#[derive(Debug)]
pub(super) struct Blob {
    pub(super) path: PathBuf,
    pub(super) sha256: String,
}

/// Fetches a file into `blobs`, under the name that the hub gives its content, if it is not there.
pub(super) fn fetch(
    client: &Client,
    url: &str,
    file: &str,
    blobs: &Path,
    observe: &mut impl FnMut(&Transfer<'_>),
) -> Result<Blob> {
    let info = client.file_info(url)?;
    let path = blobs.join(&info.etag);
    if !path.is_file() {
        fs::create_dir_all(blobs).map_err(|e| Error::io("write into folder", blobs, e))?;
        let partial = blobs.join(format!("{}.incomplete", info.etag));
        download(client, url, &info, &partial, |done| {
            observe(&Transfer {
                file,
                done,
                total: info.size,
            });
        })?;
        let sha256 = sha256_file(&partial)?;
        if let Some(expected) = info.sha256().filter(|expected| *expected != sha256) {
            fs::remove_file(&partial).map_err(|e| Error::io("remove", &partial, e))?;
            let reason = format!("what came has SHA-256 {sha256}, announced was {expected}");
            return Err(failed(url, reason));
        }
        fs::rename(&partial, &path).map_err(|e| Error::io("write", &path, e))?;
        outcrop_core::sync_folder(blobs)?;
        return Ok(Blob { path, sha256 });
    }
    let sha256 = match info.sha256() {
        Some(sum) => sum.into(),
        None => sha256_file(&path)?,
    };
    Ok(Blob { path, sha256 })
}

/// Brings a file on the disk to its whole length, from what is there of it.
fn download(
    client: &Client,
    url: &str,
    info: &FileInfo,
    path: &Path,
    mut observe: impl FnMut(u64),
) -> Result<()> {
    let io = |e| Error::io("write", path, e);
    let file = OpenOptions::new().create(true).append(true).open(path);
    let mut file = file.map_err(io)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            return Err(failed(url, "another process is fetching it"));
        }
        // Where the system knows no locks, there is none.
        Err(TryLockError::Error(_)) | Ok(()) => {}
    }
    let mut vain = 0;
    loop {
        let before = file.metadata().map_err(io)?.len();
        if info.size == Some(before) && before > 0 {
            break;
        }
        let attempt = client
            .content(url, before)
            .and_then(|answer| receive(answer, before, info, url, (&mut file, path), &mut observe));
        let after = file.metadata().map_err(io)?.len();
        match attempt {
            Ok(()) => break,
            Err(e @ (Error::DiskFull { .. } | Error::Core(_))) => return Err(e),
            Err(_) if after > before => vain = 0,
            Err(e) => {
                vain += 1;
                if vain == VAIN_ATTEMPTS {
                    return Err(e);
                }
            }
        }
    }
    file.sync_all().map_err(io)
}

/// Appends an answer to what is there, or begins anew where the server does.
fn receive(
    answer: ureq::http::Response<ureq::Body>,
    from: u64,
    info: &FileInfo,
    url: &str,
    (file, path): (&mut File, &Path),
    observe: &mut impl FnMut(u64),
) -> Result<()> {
    let status = answer.status().as_u16();
    let range = header(answer.headers(), "content-range").unwrap_or_default();
    let goes_on = status == 206 && range.starts_with(&format!("bytes {from}-"));
    let mut done = if goes_on { from } else { 0 };
    if !goes_on {
        if from > 0 {
            let emptied = file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0)));
            emptied.map_err(|e| Error::io("write", path, e))?;
        }
        if status != 200 {
            return Err(failed(
                url,
                format!("the server refuses to go on from byte {from}"),
            ));
        }
    }
    let mut body = answer
        .into_body()
        .into_with_config()
        .limit(u64::MAX)
        .reader();
    let mut piece = vec![0; 1 << 17];
    loop {
        let n = match body.read(&mut piece) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) => return Err(failed(url, format!("after {done} bytes: {e}"))),
        };
        let missing = info.size.unwrap_or(done + n as u64).saturating_sub(done);
        if n as u64 > missing {
            let _ = file.set_len(0);
            return Err(failed(url, "more comes than was announced"));
        }
        let written = file.write_all(&piece[..n]);
        written.map_err(|e| disk(path, missing, e))?;
        done += n as u64;
        observe(done);
    }
    match info.size {
        Some(size) if done != size => {
            Err(failed(url, format!("it ends after {done} of {size} bytes")))
        }
        _ => Ok(()),
    }
}

fn disk(path: &Path, missing: u64, error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::DiskFull {
            path: path.into(),
            missing,
        },
        _ => Error::io("write", path, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_as_such_with_what_is_missing() {
        let full = std::io::Error::from(ErrorKind::StorageFull);
        let error = disk(Path::new("blobs/x"), 512, full).to_string();
        assert!(
            error.contains("blobs/x") && error.contains("512 bytes are still"),
            "{error}"
        );
        let other = disk(
            Path::new("blobs/x"),
            512,
            ErrorKind::PermissionDenied.into(),
        );
        assert!(matches!(other, Error::Core(_)));
    }
}
