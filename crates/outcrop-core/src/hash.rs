use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// The SHA-256 of `bytes` as 64 lowercase hexadecimal digits.
///
/// ```
/// let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// assert_eq!(outcrop_core::sha256_hex(b""), empty);
/// ```
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The SHA-256 of a file as 64 lowercase hexadecimal digits, read in pieces.
///
/// # Errors
/// [`Error::Io`] with the path.
pub fn sha256_file(path: &Path) -> Result<String> {
    let io = |source| Error::io("read", path, source);
    let mut file = std::fs::File::open(path).map_err(io)?;
    let mut hasher = RunningSha256::default();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(io)? {
            0 => return Ok(hasher.finish()),
            n => hasher.update(&buffer[..n]),
        }
    }
}

/// A SHA-256 of bytes that come in pieces.
///
/// ```
/// let mut hash = outcrop_core::RunningSha256::default();
/// hash.update(b"in ");
/// hash.update(b"pieces");
/// assert_eq!(hash.finish(), outcrop_core::sha256_hex(b"in pieces"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct RunningSha256(Sha256);

impl RunningSha256 {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The SHA-256 of all bytes taken, as 64 lowercase hexadecimal digits.
    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
