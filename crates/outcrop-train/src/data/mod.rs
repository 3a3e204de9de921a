//! Corpora, tokenizers and batches.
//!
//! A [`Corpus`] is opened from a [`CorpusSpec`], a [`TokenizerSpec`] and [`Options`]. It gives the
//! training batch of any step ([`Corpus::batch`]) and a fixed held-out set ([`Corpus::held_out`]).
//! A batch depends on the seed and the step alone, so a run resumes at any step without a cursor.
//!
//! | corpus | what it is |
//! |---|---|
//! | `bigram-backcopy` | generated: a bigram table, and copying after three trigger symbols |
//! | `crates` | the `.rs` and `.md` files of the registry packages that a `Cargo.lock` pins |
//! | `text:PATH` | a text file, a `.jsonl` file with a `text` field, or a folder of both |
//!
//! # Text
//! A file is a document, and so is each line of a `.jsonl` file. Documents that repeat an earlier
//! one word for word are dropped. Five per cent of the bytes are held out: whole documents, chosen by
//! the hash of their content (so that no folder or topic is favoured), and where no document is
//! small enough the end of one, cut at a line. Training windows never reach into the held-out part.
//! Documents are joined by a blank line, and windows may cross from one into the next.
//!
//! ```
//! use outcrop_train::data::{Corpus, CorpusSpec, Options, TokenizerSpec};
//!
//! let spec: CorpusSpec = "bigram-backcopy".parse()?;
//! let options = Options { context: 16, ..Options::default() };
//! let corpus = Corpus::open(&spec, &TokenizerSpec::Bytes, &options)?;
//! let batch = corpus.batch(7, 4);
//! assert_eq!(batch.inputs.len(), 4 * 16);
//! assert_eq!(batch.inputs[0], corpus.bos());
//! assert_eq!(batch.targets[0], batch.inputs[1]);
//! # Ok::<(), outcrop_train::data::Error>(())
//! ```

mod backcopy;
mod batch;
mod corpus;
mod crates;
mod documents;
mod error;
mod files;
mod spec;
#[cfg(test)]
mod tests;
mod tokenizer;

pub use batch::Batch;
pub use corpus::{Corpus, Options};
pub use crates::CratesSource;
pub use error::Error;
pub use spec::{CorpusSpec, TokenizerSpec};
