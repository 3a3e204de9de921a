use outcrop_core::Error as CoreError;
use outcrop_tokens::IdType;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::data::{CorpusSpec, TokenizerSpec};

/// The fields of [`DataSpec`].
pub(super) const KEYS: [&str; 8] = [
    "corpus",
    "tokenizer",
    "bos",
    "loss",
    "max_bytes",
    "text_field",
    "tokens_type",
    "vocab",
];

/// Of which tokens the loss is the mean, in training and held out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossTargets {
    /// Of all.
    #[default]
    All,
    /// Of the answers of the corpus, as in Power et al. (2201.02177): what is drawn at random gives no gradient.
    Answers,
}

impl LossTargets {
    fn is_all(&self) -> bool {
        *self == Self::All
    }
}

/// The training data of a model.
///
/// | field | default | range |
/// |---|---|---|
/// | `corpus` | `bigram-backcopy` | the corpora of [`data`](crate::data) |
/// | `tokenizer` | `bytes` | `bytes`, `bpe:N`; for `crates` and `text:PATH` |
/// | `bos` | true | |
/// | `loss` | `all` | `all`, `answers`: of which tokens the loss is the mean ([`LossTargets`]) |
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
    /// Of which tokens the loss is the mean.
    #[serde(skip_serializing_if = "LossTargets::is_all")]
    pub loss: LossTargets,
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
            loss: LossTargets::All,
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
        if let Some(symbols) = self.corpus.symbols() {
            return symbols + 1;
        }
        match (&self.corpus, self.tokenizer) {
            (CorpusSpec::Tokens(_), _) => self.vocab.map_or(1, |ids| ids.saturating_add(1)),
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
            | CorpusSpec::Equations { .. }
            | CorpusSpec::Copy { .. }
            | CorpusSpec::Induction { .. }
            | CorpusSpec::Crates => (false, false),
        };
        if ids && self.vocab.is_none() {
            let allowed = "the number of different ids, such as 50257 for GPT-2's tokenizer";
            return Err(CoreError::range("data.vocab", "none", allowed).into());
        }
        match self.loss {
            LossTargets::All => {}
            LossTargets::Answers => self.corpus.check_answers()?,
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
