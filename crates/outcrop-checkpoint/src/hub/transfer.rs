use std::fs;
use std::path::Path;

use super::cache::{Blob, CachedModel};
use super::digest::{FileInfo, check};
use super::download::Download;
use super::lock::{self, INCOMPLETE};
use super::request::Client;
use crate::{Error, Result};

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

/// Fetches a file into a model's blobs, under the name that the hub gives its content, if it is not
/// there as it was announced.
pub(super) fn fetch(
    client: &Client,
    url: &str,
    file: &str,
    model: &CachedModel,
    observe: &mut impl FnMut(&Transfer<'_>),
) -> Result<Blob> {
    let info = client.file_info(url)?;
    let path = model.blobs.join(&info.etag);
    let was_there = path.is_file();
    if let Some(blob) = held(client, &path, file, &info)? {
        return Ok(blob);
    }
    let blobs = &model.blobs;
    fs::create_dir_all(blobs).map_err(|e| Error::io("write into folder", blobs, e))?;
    let arrived = || arrived(blobs, &info.etag);
    let _lock = lock::take(&model.lock(&info.etag), file, &*client.caller, arrived)?;
    if let Some(blob) = held(client, &path, file, &info)?.filter(|_| !was_there) {
        return Ok(blob); // another process brought it
    }
    let partial = blobs.join(format!("{}{INCOMPLETE}", info.etag));
    let sha256 = Download::open(client, url, &info, &partial)?.run(|done| {
        observe(&Transfer {
            file,
            done,
            total: info.size,
        });
    })?;
    fs::rename(&partial, &path).map_err(|e| Error::io("write", &path, e))?;
    outcrop_core::sync_folder(blobs)?;
    Ok(Blob { path, sha256 })
}

/// What is there of a content already, if it is as announced.
fn held(client: &Client, path: &Path, file: &str, info: &FileInfo) -> Result<Option<Blob>> {
    if !path.is_file() {
        return Ok(None);
    }
    Ok(match check(path, info)? {
        Ok(sha256) => Some(Blob {
            path: path.into(),
            sha256,
        }),
        Err(wrong) => {
            let path = path.display();
            let words =
                format!("{file} is damaged in the cache and is fetched again: {wrong} ({path})");
            client.caller.note(&words);
            None
        }
    })
}

/// Bytes that any process has brought of a content.
fn arrived(blobs: &Path, etag: &str) -> u64 {
    let entries = fs::read_dir(blobs).into_iter().flatten().flatten();
    let of_it = entries.filter(|e| e.file_name().to_string_lossy().starts_with(etag));
    of_it.filter_map(|e| Some(e.metadata().ok()?.len())).sum()
}
