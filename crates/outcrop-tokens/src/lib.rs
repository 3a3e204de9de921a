//! The token sequences on which a checkpoint is measured.
//!
//! - [`TokenSource`]: token ids in a file, text with a `tokenizer.json`, or the built-in [`SAMPLE`].
//! - [`Windows`]: how many sequences, how long, with or without BOS; those of published measurements
//!   are a [`WindowProtocol`].
//! - [`sequences()`] turns both into [`Sequences`]: the ids, their SHA-256, and a description of their source;
//!   [`Sequences::check`] checks them against the vocabulary and context of a model.
//! - [`Labels`] and [`Targets`]: what is known of the sequences or of their positions, from a table.
//! - [`Tokenizer`]: text to ids, and ids to text.
//!
//! Files may be of any size: only as much is read as the windows need, and sizes that a header claims are checked
//! against the file before memory is allocated.
//!
//! ```
//! use outcrop_tokens::{TokenSource, Windows, sequences};
//!
//! let windows = Windows { count: Some(4), length: Some(64), bos: None };
//! let drawn = sequences(&TokenSource::Sample, windows, None, 50_304)?;
//! assert_eq!((drawn.ids.len(), drawn.ids[0].len()), (4, 64));
//! assert!(drawn.source.starts_with("4 x 64 ids drawn evenly from 50304 tokens"));
//! drawn.check(50_304, Some(64))?;
//!
//! let error = drawn.check(50_304, Some(32)).unwrap_err().to_string();
//! assert!(error.starts_with("use sequence 0: it has 64 tokens"));
//! # Ok::<(), outcrop_tokens::Error>(())
//! ```

mod contain;
mod error;
mod foreign;
mod ids;
mod keyed;
mod labels;
mod sample;
mod sequences;
mod source;
mod targets;
mod text;
mod tokenizer;
mod windows;

pub use error::{Error, Result};
pub use ids::{IdType, TokenFile};
pub use keyed::ByUnit;
pub use labels::{Labels, NO_LABEL};
pub use sample::SAMPLE;
pub use sequences::{Sequences, sha256_of};
pub use source::{TokenSource, sequences};
pub use targets::Targets;
pub use text::{DocumentDraw, TEXT_FIELD, files_in, read_documents};
pub use tokenizer::Tokenizer;
pub use windows::{DEFAULT_COUNT, DEFAULT_LENGTH, WindowProtocol, Windows};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
