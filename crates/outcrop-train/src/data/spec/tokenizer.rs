use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::allowed::VOCABULARY;
use super::{Form, split, unknown};
use crate::data::Error;

const FORMS: [Form; 2] = [
    Form {
        name: "bytes",
        meant: "bytes",
        form: "bytes",
    },
    Form {
        name: "bpe",
        meant: "bpe:VOCABULARY",
        form: "bpe:VOCABULARY",
    },
];

/// How text becomes tokens; in text `bytes` or `bpe:VOCABULARY`.
///
/// BOS is always the last id, vocabulary - 1. Corpora that are generated have their own symbols.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TokenizerSpec {
    /// The 256 byte values and BOS: a vocabulary of 257.
    #[default]
    Bytes,
    /// Byte-level byte-pair encoding trained on the training part of the corpus.
    Bpe {
        /// Size of the vocabulary, BOS included, 257 to 65535.
        vocab: usize,
    },
}

impl FromStr for TokenizerSpec {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match split(text) {
            ("bytes", None) => Ok(Self::Bytes),
            ("bpe", Some(n)) => VOCABULARY.parse(n).map(|vocab| Self::Bpe { vocab }),
            _ => Err(unknown("tokenizer", text, &FORMS)),
        }
    }
}

impl fmt::Display for TokenizerSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes => f.write_str("bytes"),
            Self::Bpe { vocab } => write!(f, "bpe:{vocab}"),
        }
    }
}
