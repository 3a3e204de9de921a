use serde::{Deserialize, Serialize};

use crate::data::{CorpusSpec, TokenizerSpec};

/// The fields of [`DataSpec`].
pub(super) const KEYS: [&str; 4] = ["corpus", "tokenizer", "bos", "max_bytes"];

/// What a model learns from.
///
/// | field | default | range |
/// |---|---|---|
/// | `corpus` | `bigram-backcopy` | `bigram-backcopy`, `bigram-backcopy:SYMBOLS`, `crates`, `text:PATH` |
/// | `tokenizer` | `bytes` | `bytes`, `bpe:N`; not used by `bigram-backcopy` |
/// | `bos` | true | |
/// | `max_bytes` | 16 MiB | at least 1 |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataSpec {
    /// The corpus.
    pub corpus: CorpusSpec,
    /// How text becomes tokens.
    pub tokenizer: TokenizerSpec,
    /// Whether every sequence starts with one fixed token.
    pub bos: bool,
    /// Bytes of text that are read at most.
    pub max_bytes: u64,
}

impl Default for DataSpec {
    fn default() -> Self {
        Self {
            corpus: CorpusSpec::default(),
            tokenizer: TokenizerSpec::default(),
            bos: true,
            max_bytes: 16 << 20,
        }
    }
}

impl DataSpec {
    /// Number of different tokens, BOS included.
    pub fn vocab(&self) -> usize {
        match (&self.corpus, self.tokenizer) {
            (CorpusSpec::BigramBackcopy { symbols }, _) => symbols + 1,
            (_, TokenizerSpec::Bytes) => 257,
            (_, TokenizerSpec::Bpe { vocab }) => vocab,
        }
    }
}
