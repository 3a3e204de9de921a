use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Error;

const CORPORA: &str = "bigram-backcopy, bigram-backcopy:SYMBOLS, modular-addition, \
                       modular-addition:MODULUS:PERCENT, crates, text:PATH, tokens:PATH";
const TOKENIZERS: &str = "bytes, bpe:VOCABULARY";

/// Which corpus to train on; in text `bigram-backcopy`, `modular-addition`, `crates`, `text:PATH` or
/// `tokens:PATH`.
///
/// ```
/// use outcrop_train::data::CorpusSpec;
///
/// let spec: CorpusSpec = "bigram-backcopy".parse()?;
/// assert_eq!(spec, CorpusSpec::BigramBackcopy { symbols: 64 });
/// assert_eq!(spec.to_string(), "bigram-backcopy");
/// let error = "bigram-backcpy".parse::<CorpusSpec>().unwrap_err();
/// assert!(error.to_string().contains("did you mean `bigram-backcopy`?"));
/// # Ok::<(), outcrop_train::data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum CorpusSpec {
    /// The generated Bigram-Backcopy task (Guo et al. 2410.13835).
    BigramBackcopy {
        /// Symbols besides BOS, 32 to 1024; `bigram-backcopy:SYMBOLS`, 64 where not given.
        symbols: usize,
    },
    /// Equations a + b = c of numbers modulo p (Power et al. 2201.02177), of which a share is trained on.
    ModularAddition {
        /// p, 2 to 1000; `modular-addition:MODULUS`, 97 where not given.
        modulus: usize,
        /// Percent of all pairs that are trained on, 1 to 99; `modular-addition:MODULUS:PERCENT`, 50 where not given.
        percent: usize,
    },
    /// The source and documentation text of the packages that a `Cargo.lock` pins.
    Crates,
    /// A file of text or of documents in JSON, or a folder of both, read recursively in sorted order, by
    /// [`outcrop_tokens::read_documents`].
    Text(PathBuf),
    /// A file of token ids, by [`outcrop_tokens::TokenFile`].
    Tokens(PathBuf),
}

impl CorpusSpec {
    /// Symbols of `bigram-backcopy` where their number is not given.
    pub const DEFAULT_SYMBOLS: usize = 64;
    /// p of `modular-addition` where it is not given.
    pub const DEFAULT_MODULUS: usize = 97;
    /// Percent of the pairs of `modular-addition` that are trained on, where it is not given.
    pub const DEFAULT_PERCENT: usize = 50;

    /// Of what follows `modular-addition`.
    fn modular(value: Option<&str>) -> Result<Self, Error> {
        let (modulus, percent) = match value.map(split) {
            None => (None, None),
            Some((modulus, percent)) => (Some(modulus), percent),
        };
        let or = |text: Option<&str>, allowed: Allowed, default| {
            text.map_or(Ok(default), |text| allowed.parse(text))
        };
        Ok(Self::ModularAddition {
            modulus: or(modulus, MODULUS, Self::DEFAULT_MODULUS)?,
            percent: or(percent, PERCENT, Self::DEFAULT_PERCENT)?,
        })
    }
}

impl Default for CorpusSpec {
    fn default() -> Self {
        Self::BigramBackcopy {
            symbols: Self::DEFAULT_SYMBOLS,
        }
    }
}

impl FromStr for CorpusSpec {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, value) = split(text);
        match (name, value) {
            ("bigram-backcopy", None) => Ok(Self::default()),
            ("bigram-backcopy", Some(n)) => SYMBOLS
                .parse(n)
                .map(|symbols| Self::BigramBackcopy { symbols }),
            ("modular-addition", value) => Self::modular(value),
            ("crates", None) => Ok(Self::Crates),
            ("text", Some(path)) if !path.is_empty() => Ok(Self::Text(path.into())),
            ("tokens", Some(path)) if !path.is_empty() => Ok(Self::Tokens(path.into())),
            _ => Err(unknown(
                "corpus",
                text,
                [
                    ("bigram-backcopy", "bigram-backcopy"),
                    ("modular-addition", "modular-addition"),
                    ("crates", "crates"),
                    ("text", "text:PATH"),
                    ("tokens", "tokens:PATH"),
                ],
                CORPORA,
            )),
        }
    }
}

impl fmt::Display for CorpusSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BigramBackcopy {
                symbols: Self::DEFAULT_SYMBOLS,
            } => f.write_str("bigram-backcopy"),
            Self::BigramBackcopy { symbols } => write!(f, "bigram-backcopy:{symbols}"),
            Self::ModularAddition { modulus, percent } => match (*modulus, *percent) {
                (Self::DEFAULT_MODULUS, Self::DEFAULT_PERCENT) => f.write_str("modular-addition"),
                (modulus, Self::DEFAULT_PERCENT) => write!(f, "modular-addition:{modulus}"),
                (modulus, percent) => write!(f, "modular-addition:{modulus}:{percent}"),
            },
            Self::Crates => f.write_str("crates"),
            Self::Text(path) => write!(f, "text:{}", path.display()),
            Self::Tokens(path) => write!(f, "tokens:{}", path.display()),
        }
    }
}

/// How text becomes tokens; in text `bytes` or `bpe:VOCABULARY`.
///
/// BOS is always the last id, vocabulary - 1. `bigram-backcopy` and `modular-addition` have their own symbols.
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
            _ => Err(unknown(
                "tokenizer",
                text,
                [("bytes", "bytes"), ("bpe", "bpe:VOCABULARY")],
                TOKENIZERS,
            )),
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

/// `TryFrom<String>` and `Into<String>` by way of the text form, for serde.
macro_rules! as_text {
    ($($spec:ty),*) => {$(
        impl TryFrom<String> for $spec {
            type Error = Error;
            fn try_from(text: String) -> Result<Self, Error> {
                text.parse()
            }
        }
        impl From<$spec> for String {
            fn from(spec: $spec) -> Self {
                spec.to_string()
            }
        }
    )*};
}
as_text!(CorpusSpec, TokenizerSpec);

fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    }
}

/// The range of the number in a spec.
pub(super) struct Allowed {
    field: &'static str,
    low: usize,
    high: usize,
}

pub(super) const SYMBOLS: Allowed = Allowed {
    field: "corpus bigram-backcopy",
    low: 32,
    high: 1024,
};
pub(super) const MODULUS: Allowed = Allowed {
    field: "modulus of corpus modular-addition",
    low: 2,
    high: 1000,
};
pub(super) const PERCENT: Allowed = Allowed {
    field: "percent of corpus modular-addition",
    low: 1,
    high: 99,
};
pub(super) const IDS: Allowed = Allowed {
    field: "data.vocab",
    low: 1,
    high: 1 << 24,
};
pub(super) const VOCABULARY: Allowed = Allowed {
    field: "tokenizer bpe",
    low: 257,
    high: 65_535,
};

impl Allowed {
    fn parse(&self, text: &str) -> Result<usize, Error> {
        let number = text.parse().map_err(|_| self.refuse(text))?;
        self.check(number)
    }

    pub(super) fn check(&self, number: usize) -> Result<usize, Error> {
        if (self.low..=self.high).contains(&number) {
            Ok(number)
        } else {
            Err(self.refuse(&number.to_string()))
        }
    }

    fn refuse(&self, value: &str) -> Error {
        let allowed = format!("{} to {}", self.low, self.high);
        outcrop_core::Error::range(self.field, value, allowed).into()
    }
}

fn unknown<const N: usize>(
    kind: &'static str,
    given: &str,
    forms: [(&'static str, &'static str); N],
    known: &'static str,
) -> Error {
    let near = outcrop_core::nearest(split(given).0, forms.map(|(name, _)| name));
    Error::UnknownName {
        kind,
        given: given.into(),
        nearest: forms
            .into_iter()
            .find(|(name, _)| Some(*name) == near)
            .map(|(_, form)| form),
        known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_survive_their_text_form() {
        for text in [
            "bigram-backcopy",
            "bigram-backcopy:100",
            "modular-addition",
            "modular-addition:113",
            "modular-addition:97:30",
            "crates",
            "text:a:b/c.jsonl",
            "tokens:a/b.bin",
        ] {
            assert_eq!(text.parse::<CorpusSpec>().unwrap().to_string(), text);
        }
        for text in ["bytes", "bpe:257", "bpe:65535"] {
            assert_eq!(text.parse::<TokenizerSpec>().unwrap().to_string(), text);
        }
        let json = serde_json::to_string(&TokenizerSpec::Bpe { vocab: 512 }).unwrap();
        assert_eq!(json, r#""bpe:512""#);
        assert!(serde_json::from_str::<CorpusSpec>(r#""crats""#).is_err());
    }

    #[test]
    fn misspelt_names_get_the_nearest_form() {
        for (given, meant) in [
            ("crats", "crates"),
            ("txt:a.md", "text:PATH"),
            ("text", "text:PATH"),
            ("text:", "text:PATH"),
        ] {
            let error = given.parse::<CorpusSpec>().unwrap_err().to_string();
            assert!(
                error.contains(&format!("did you mean `{meant}`?")),
                "{error}"
            );
        }
        let error = "byte".parse::<TokenizerSpec>().unwrap_err().to_string();
        assert!(error.contains("did you mean `bytes`?"), "{error}");
        let error = "zebra".parse::<CorpusSpec>().unwrap_err().to_string();
        assert!(
            error.contains("known: bigram-backcopy") && !error.contains("did you mean"),
            "{error}"
        );
    }

    #[test]
    fn numbers_outside_their_range_are_named() {
        for given in ["bpe:256", "bpe:65536", "bpe:many", "bpe:"] {
            let error = given.parse::<TokenizerSpec>().unwrap_err().to_string();
            assert!(error.contains("257 to 65535"), "{error}");
        }
        for given in [
            "bigram-backcopy:31",
            "modular-addition:1",
            "modular-addition:97:100",
            "modular-addition:",
        ] {
            assert!(given.parse::<CorpusSpec>().is_err(), "{given}");
        }
    }
}
