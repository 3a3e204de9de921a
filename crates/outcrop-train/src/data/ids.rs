use std::path::Path;
use std::sync::{Mutex, PoisonError};

use outcrop_core::RunningSha256;
use outcrop_tokens::TokenFile;

use super::documents::HELD_OUT_ONE_IN;
use super::{CorpusOptions, Error};

/// Ids that are looked at at once.
const AT_ONCE: u64 = 1 << 18;

/// A file of token ids, of which the last twentieth is held out. It stays on the disk.
pub(super) struct Ids {
    file: Mutex<TokenFile>,
    /// Ids that are trained on.
    pub(super) training: usize,
    /// Ids that are held out.
    pub(super) held_out: usize,
    /// SHA-256 of the ids as little-endian u32, so that it is the same for every type of file.
    pub(super) sha256: String,
}

impl Ids {
    /// Opens the file and looks at every id: each must be below `vocab`.
    pub(super) fn open(path: &Path, vocab: usize, options: &CorpusOptions) -> Result<Self, Error> {
        let mut file = TokenFile::open(path, options.tokens_type)?;
        let mut hash = RunningSha256::default();
        let mut first = 0;
        while first < file.len() {
            let n = AT_ONCE.min(file.len() - first);
            let ids = file.read(first, n as usize)?;
            if let Some(at) = ids.iter().position(|id| *id as usize >= vocab) {
                return Err(Error::Vocabulary {
                    path: path.to_owned(),
                    position: first + at as u64,
                    id: ids[at],
                    vocab,
                });
            }
            let bytes: Vec<u8> = ids.into_iter().flat_map(u32::to_le_bytes).collect();
            hash.update(&bytes);
            first += n;
        }
        let all = usize::try_from(file.len()).unwrap_or(usize::MAX);
        let held_out = all / HELD_OUT_ONE_IN;
        Ok(Self {
            file: Mutex::new(file),
            training: all - held_out,
            held_out,
            sha256: hash.finish(),
        })
    }

    /// `n` ids from the one numbered `first`.
    pub(super) fn read(&self, first: usize, n: usize) -> Result<Vec<u32>, Error> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(file.read(first as u64, n)?)
    }
}
