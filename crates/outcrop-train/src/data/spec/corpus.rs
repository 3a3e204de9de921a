use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::allowed::{COPIED, PAIRED, SYMBOLS};
use super::{Form, split, unknown};
use crate::data::{BinaryOperation, Error, OPERATIONS};

/// Corpora that are no equations.
const FORMS: [Form; 6] = [
    Form {
        name: "bigram-backcopy",
        meant: "bigram-backcopy",
        form: "bigram-backcopy[:SYMBOLS]",
    },
    Form {
        name: "copy",
        meant: "copy",
        form: "copy[:SYMBOLS]",
    },
    Form {
        name: "induction",
        meant: "induction",
        form: "induction[:SYMBOLS]",
    },
    Form {
        name: "crates",
        meant: "crates",
        form: "crates",
    },
    Form {
        name: "text",
        meant: "text:PATH",
        form: "text:PATH",
    },
    Form {
        name: "tokens",
        meant: "tokens:PATH",
        form: "tokens:PATH",
    },
];

/// Which corpus to train on; in text such as `bigram-backcopy`, `modular-division:97:30`, `crates` or `text:PATH`.
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
    /// Equations of an operation (Power et al. 2201.02177), of which a share is trained on.
    Equations {
        /// One of [`OPERATIONS`]; its name is that of the corpus.
        operation: BinaryOperation,
        /// The modulus p, or the number of things that are permuted; `NAME:SIZE`.
        size: usize,
        /// Percent of all pairs that are trained on, 1 to 99; `NAME:SIZE:PERCENT`, 50 where not given.
        percent: usize,
    },
    /// Random symbols, twice.
    Copy {
        /// Symbols besides BOS, 2 to 1024; `copy:SYMBOLS`, 64 where not given.
        symbols: usize,
    },
    /// Pairs of symbols, and the same pairs in another order.
    Induction {
        /// Symbols besides BOS, 4 to 1024; `induction:SYMBOLS`, 64 where not given.
        symbols: usize,
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
    /// Symbols of a corpus that is generated, where their number is not given.
    pub const DEFAULT_SYMBOLS: usize = 64;
    /// Percent of the pairs of equations that are trained on, where it is not given.
    pub const DEFAULT_PERCENT: usize = 50;

    /// Symbols besides BOS of a corpus that is generated; none of one that is read.
    pub fn symbols(&self) -> Option<usize> {
        match self {
            Self::BigramBackcopy { symbols }
            | Self::Copy { symbols }
            | Self::Induction { symbols } => Some(*symbols),
            Self::Equations {
                operation, size, ..
            } => Some((operation.elements)(*size) + 2),
            Self::Crates | Self::Text(_) | Self::Tokens(_) => None,
        }
    }

    /// Whether some of what it asks for follows with certainty: answers, of which the accuracy is recorded.
    pub fn has_answers(&self) -> bool {
        match self {
            Self::Equations { .. } | Self::Copy { .. } | Self::Induction { .. } => true,
            Self::BigramBackcopy { .. } | Self::Crates | Self::Text(_) | Self::Tokens(_) => false,
        }
    }

    /// Checks that it has answers.
    pub(crate) fn check_answers(&self) -> Result<(), Error> {
        if self.has_answers() {
            return Ok(());
        }
        let mut names: Vec<&str> = OPERATIONS.iter().map(|one| one.name).collect();
        names.extend(["copy", "induction"]);
        Err(Error::NoAnswers {
            corpus: self.to_string(),
            known: names.join(", "),
        })
    }

    /// Equations of `operation`, of what follows its name.
    fn equations(operation: BinaryOperation, value: Option<&str>) -> Result<Self, Error> {
        let (size, percent) = match value.map(split) {
            None => (None, None),
            Some((size, percent)) => (Some(size), percent),
        };
        let size = match size {
            None => operation.default_size,
            Some(text) => {
                let size = text.parse();
                let size = size.map_err(|_| operation.refuse_size(text, operation.default_size))?;
                operation.check_size(size)?
            }
        };
        let percent = match percent {
            None => Self::DEFAULT_PERCENT,
            Some(text) => {
                let percent = text.parse();
                let percent = percent.map_err(|_| operation.refuse_percent(text))?;
                operation.check_percent(percent)?
            }
        };
        Ok(Self::Equations {
            operation,
            size,
            percent,
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
        if let Some(operation) = BinaryOperation::named(name) {
            return Self::equations(operation, value);
        }
        let symbols = |allowed: super::allowed::Allowed| {
            value.map_or(Ok(Self::DEFAULT_SYMBOLS), |text| allowed.parse(text))
        };
        match (name, value) {
            ("bigram-backcopy", _) => {
                symbols(SYMBOLS).map(|symbols| Self::BigramBackcopy { symbols })
            }
            ("copy", _) => symbols(COPIED).map(|symbols| Self::Copy { symbols }),
            ("induction", _) => symbols(PAIRED).map(|symbols| Self::Induction { symbols }),
            ("crates", None) => Ok(Self::Crates),
            ("text", Some(path)) if !path.is_empty() => Ok(Self::Text(path.into())),
            ("tokens", Some(path)) if !path.is_empty() => Ok(Self::Tokens(path.into())),
            _ => Err(unknown("corpus", text, &forms())),
        }
    }
}

/// Every corpus: the equations after the first of the others.
fn forms() -> Vec<Form> {
    let (first, others) = FORMS.split_at(1);
    let equations = OPERATIONS.map(|one| Form {
        name: one.name,
        meant: one.name,
        form: one.form,
    });
    [first, &equations, others].concat()
}

impl fmt::Display for CorpusSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut named = |name: &str, symbols: usize| match symbols {
            Self::DEFAULT_SYMBOLS => f.write_str(name),
            symbols => write!(f, "{name}:{symbols}"),
        };
        match self {
            Self::BigramBackcopy { symbols } => named("bigram-backcopy", *symbols),
            Self::Copy { symbols } => named("copy", *symbols),
            Self::Induction { symbols } => named("induction", *symbols),
            Self::Equations {
                operation,
                size,
                percent,
            } => {
                let name = operation.name;
                match *percent == Self::DEFAULT_PERCENT {
                    true if *size == operation.default_size => f.write_str(name),
                    true => write!(f, "{name}:{size}"),
                    false => write!(f, "{name}:{size}:{percent}"),
                }
            }
            Self::Crates => f.write_str("crates"),
            Self::Text(path) => write!(f, "text:{}", path.display()),
            Self::Tokens(path) => write!(f, "tokens:{}", path.display()),
        }
    }
}
