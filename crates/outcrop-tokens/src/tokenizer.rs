use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::IgnoredAny;
use tokenizers::models::ModelWrapper;
use tokenizers::{Tokenizer as Library, TruncationParams};

use crate::contain::contain;
use crate::{Error, Result};

/// The file's name in a checkpoint's folder.
const FILE: &str = "tokenizer.json";
/// What transformers adds to it.
const CONFIG: &str = "tokenizer_config.json";
/// No published one comes near; a larger one is refused before it is read.
const MAX_BYTES: u64 = 256 << 20;

/// A checkpoint's tokenizer, from a `tokenizer.json` of Hugging Face. Cheap to clone.
///
/// Text is tokenised as `tokenizer(text, add_special_tokens=False)` does in Python, without padding
/// and without truncation; the names of special tokens in the text become these tokens, unless a
/// `tokenizer_config.json` beside the file sets `split_special_tokens`.
#[derive(Clone)]
pub struct Tokenizer {
    path: PathBuf,
    library: Arc<Library>,
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tokenizer = f.debug_struct("Tokenizer");
        tokenizer.field("path", &self.path).finish_non_exhaustive()
    }
}

impl Tokenizer {
    /// Reads a `tokenizer.json`, or the one in a folder.
    ///
    /// The library that reads it panics on some malformed files. Such a panic is caught, and is an
    /// error as any other; the panic hook, which prints it, runs nevertheless.
    ///
    /// # Errors
    /// [`Error::Core`] where it cannot be read or is a pointer of Git LFS; [`Error::Tokenizer`] for what is no tokenizer, is
    /// larger than 256 MiB, or draws its tokens at random (BPE dropout).
    pub fn open(path: &Path) -> Result<Self> {
        let path = match path.is_dir() {
            true => path.join(FILE),
            false => path.to_owned(),
        };
        let refused = |reason| Error::Tokenizer {
            path: path.clone(),
            reason,
        };
        let bytes = read(&path).map_err(|source| outcrop_core::Error::io("read", &path, source))?;
        let mut library = match bytes {
            Some(bytes) => {
                outcrop_core::refuse_lfs_pointer(&path, &bytes)?;
                contain(|| prepare(&bytes)).map_err(refused)?
            }
            None => {
                return Err(refused(format!(
                    "it is larger than {} MiB",
                    MAX_BYTES >> 20
                )));
            }
        };
        library.set_encode_special_tokens(splits_special_tokens(&path));
        Ok(Self {
            library: Arc::new(library),
            path,
        })
    }

    /// As [`Tokenizer::open`]; none where the folder of a checkpoint has no `tokenizer.json`.
    ///
    /// # Errors
    /// As [`Tokenizer::open`].
    pub fn of_checkpoint(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(FILE);
        path.is_file().then(|| Self::open(&path)).transpose()
    }

    /// The file that was read.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of tokens, added ones included. A model's vocabulary may be larger, padded as it often
    /// is.
    pub fn vocab(&self) -> usize {
        self.library.get_vocab_size(true)
    }

    /// The id of a token by its name in the file, such as `<|endoftext|>`.
    pub fn id(&self, token: &str) -> Option<u32> {
        contain(|| Ok(self.library.token_to_id(token))).ok()?
    }

    /// The text of a token, such as ` the`. Where it stands for no whole character, or for nothing
    /// on its own, its name in the file, such as `<0xE2>`.
    pub fn token_text(&self, id: u32) -> Option<String> {
        let name = contain(|| Ok(self.library.id_to_token(id))).ok()??;
        let text = contain(|| self.library.decode(&[id], false).map_err(|e| e.to_string()));
        let whole = |text: &String| !text.is_empty() && !text.contains(char::REPLACEMENT_CHARACTER);
        Some(text.ok().filter(whole).unwrap_or(name))
    }

    /// The tokens of `text`, without special ones around it.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] where it cannot tokenise this text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let encode = || {
            let encoding = self.library.encode_fast(text, false);
            encoding.map_err(|e| e.to_string())
        };
        let encoding = contain(encode).map_err(|reason| Error::Tokenizer {
            path: self.path.clone(),
            reason,
        })?;
        Ok(encoding.get_ids().to_vec())
    }
}

/// Whether the names of special tokens are text where they stand in the text, by the configuration beside
/// the tokenizer; one that cannot be read says nothing.
fn splits_special_tokens(tokenizer: &Path) -> bool {
    let config = read(&tokenizer.with_file_name(CONFIG)).ok().flatten();
    let config = config.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    config.is_some_and(|config| config["split_special_tokens"] == true)
}

/// The bytes of a file; none where there are too many.
fn read(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    if file.metadata()?.len() > MAX_BYTES {
        return Ok(None);
    }
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= MAX_BYTES).then_some(bytes))
}

fn prepare(bytes: &[u8]) -> Result<Library, String> {
    // The library panics on much that is no JSON, a file cut short among it.
    let text = std::str::from_utf8(bytes).map_err(|e| format!("no JSON: {e}"))?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|e| format!("no JSON: {e}"))?;
    let mut library = Library::from_bytes(bytes).map_err(|e| e.to_string())?;
    if let ModelWrapper::BPE(bpe) = library.get_model()
        && let Some(dropout) = bpe.dropout.filter(|dropout| *dropout != 0.0)
    {
        return Err(format!(
            "dropout = {dropout} draws tokens at random, and no measurement could be repeated; set \
             it to null"
        ));
    }
    library.with_padding(None);
    let untruncated = library.with_truncation(None::<TruncationParams>);
    untruncated.map_err(|e| e.to_string())?;
    Ok(library)
}
