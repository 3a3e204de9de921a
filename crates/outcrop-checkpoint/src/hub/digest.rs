//! Whether a file is what its name at the hub announces.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use outcrop_core::RunningSha256;
use sha1::{Digest, Sha1};

use crate::{Error, Result};

/// The SHA-1 by which Git names a content, 40 hexadecimal digits: that of `blob LENGTH`, a zero byte,
/// and the content.
///
/// ```
/// // as `git hash-object` says
/// let name = "ce013625030ba8dba906f756967f9e9ca394464a";
/// assert_eq!(outcrop_checkpoint::git_blob_sha1(b"hello\n"), name);
/// ```
pub fn git_blob_sha1(content: &[u8]) -> String {
    let mut hasher = blob_of(content.len() as u64);
    hasher.update(content);
    hex(hasher)
}

fn blob_of(length: u64) -> Sha1 {
    Sha1::new_with_prefix(format!("blob {length}\0"))
}

fn hex(hasher: Sha1) -> String {
    hasher
        .finalize()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// What a hub announces of a file before it sends it.
#[derive(Debug)]
pub(super) struct FileInfo {
    /// The name of its content: its SHA-256 where it is large, Git's hash where it is small. Where a
    /// mirror gives another mark, which means something at this address alone, mark and address.
    pub(super) etag: String,
    /// In bytes, if told.
    pub(super) size: Option<u64>,
}

/// The hash in a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Announced<'a> {
    Sha256(&'a str),
    /// Git's name of a blob. Some mirrors give the SHA-1 of the content alone.
    Sha1(&'a str),
    Nothing,
}

impl<'a> Announced<'a> {
    /// Of an `ETag`, by its length.
    pub(super) fn of(etag: &'a str) -> Self {
        match (etag.len(), etag.bytes().all(|b| b.is_ascii_hexdigit())) {
            (64, true) => Self::Sha256(etag),
            (40, true) => Self::Sha1(etag),
            _ => Self::Nothing,
        }
    }
}

/// The SHA-256 of a file, if its size and hash are those that were announced; else what is wrong.
pub(super) fn check(path: &Path, info: &FileInfo) -> Result<Result<String, String>> {
    let io = |e| Error::io("read", path, e);
    let mut file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    if let Some(size) = info.size.filter(|size| *size != length) {
        return Ok(Err(format!("it has {length} bytes, announced were {size}")));
    }
    let (mut sha256, mut blob, mut plain) =
        (RunningSha256::default(), blob_of(length), Sha1::new());
    let announced = Announced::of(&info.etag);
    let mut piece = vec![0; 1 << 17];
    loop {
        let n = file.read(&mut piece).map_err(io)?;
        if n == 0 {
            break;
        }
        sha256.update(&piece[..n]);
        if matches!(announced, Announced::Sha1(_)) {
            blob.update(&piece[..n]);
            plain.update(&piece[..n]);
        }
    }
    let sha256 = sha256.finish();
    let wrong = |kind: &str, is: &str, was: &str| {
        Err(format!("what came has {kind} {is}, announced was {was}"))
    };
    Ok(match announced {
        Announced::Sha256(was) if was != sha256 => wrong("SHA-256", &sha256, was),
        Announced::Sha1(was) => match (hex(blob), hex(plain)) {
            (git, plain) if was != git && was != plain => wrong("Git blob hash", &git, was),
            _ => Ok(sha256),
        },
        _ => Ok(sha256),
    })
}
