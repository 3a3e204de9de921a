use outcrop_core::Error as CoreError;
use outcrop_tokens::IdType;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::data::{CorpusSpec, TokenizerSpec};

/// The fields of [`DataSpec`].
pub(super) const KEYS: [&str; 7] = [
    "corpus",
    "tokenizer",
    "bos",
    "max_bytes",
    "text_field",
    "tokens_type",
    "vocab",
];

/// The training data of a model.
///
/// | field | default | range |
/// |---|---|---|
/// | `corpus` | `bigram-backcopy` | `bigram-backcopy`, `bigram-backcopy:SYMBOLS`, `crates`, `text:PATH`, `tokens:PATH` |
/// | `tokenizer` | `bytes` | `bytes`, `bpe:N`; not used by `bigram-backcopy` and `tokens:PATH` |
/// | `bos` | true | |
/// | `max_bytes` | 16 MiB | at least 1 |
/// | `text_field` | `text` | the field of the text of documents in JSON, for `text:PATH` |
/// | `tokens_type` | as the file or its name says | `u16`, `u32`, `i32`, `i64`, for `tokens:PATH` |
/// | `vocab` | | different ids, 1 to 2^24, for `tokens:PATH`, which needs it |
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
    /// The field that holds the text of documents in JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_field: Option<String>,
    /// The type of the ids of a file that does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_type: Option<IdType>,
    /// Different ids of the tokenizer that made a file of ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vocab: Option<usize>,
}

impl Default for DataSpec {
    fn default() -> Self {
        Self {
            corpus: CorpusSpec::default(),
            tokenizer: TokenizerSpec::default(),
            bos: true,
            max_bytes: 16 << 20,
            text_field: None,
            tokens_type: None,
            vocab: None,
        }
    }
}

impl DataSpec {
    /// Number of different tokens, BOS included.
    pub fn tokens(&self) -> usize {
        match (&self.corpus, self.tokenizer) {
            (CorpusSpec::Tokens(_), _) => self.vocab.map_or(1, |ids| ids.saturating_add(1)),
            (CorpusSpec::BigramBackcopy { symbols }, _) => symbols + 1,
            (CorpusSpec::ModularAddition { modulus, .. }, _) => modulus + 3,
            (_, TokenizerSpec::Bytes) => 257,
            (_, TokenizerSpec::Bpe { vocab }) => vocab,
        }
    }
    /// Checks that what is set belongs to the corpus.
    pub(super) fn check(&self) -> Result<()> {
        let (text, ids) = match &self.corpus {
            CorpusSpec::Text(_) => (true, false),
            CorpusSpec::Tokens(_) => (false, true),
            CorpusSpec::BigramBackcopy { .. }
            | CorpusSpec::ModularAddition { .. }
            | CorpusSpec::Crates => (false, false),
        };
        if ids && self.vocab.is_none() {
            let allowed = "the number of different ids, such as 50257 for GPT-2's tokenizer";
            return Err(CoreError::range("data.vocab", "none", allowed).into());
        }
        let kind = self.tokens_type.map(|kind| kind.to_string());
        let vocab = self.vocab.map(|vocab| vocab.to_string());
        for (field, value, allowed, corpus) in [
            ("data.text_field", &self.text_field, text, "text:PATH"),
            ("data.tokens_type", &kind, ids, "tokens:PATH"),
            ("data.vocab", &vocab, ids, "tokens:PATH"),
        ] {
            if let Some(value) = value.as_ref().filter(|_| !allowed) {
                let allowed = format!("nothing but with corpus `{corpus}`");
                return Err(CoreError::range(field, value, allowed).into());
            }
        }
        Ok(())
    }
}
