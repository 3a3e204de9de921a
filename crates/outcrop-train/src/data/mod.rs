//! Corpora, tokenizers and batches.
//!
//! A [`Corpus`] is opened from a [`CorpusSpec`], a [`TokenizerSpec`] and [`CorpusOptions`]. It gives the
//! training batch of any step ([`Corpus::batch`]) and a fixed held-out set ([`Corpus::held_out`]).
//! A batch depends on the seed and the step alone, so a run resumes at any step without a cursor.
//!
//! | corpus | what it is |
//! |---|---|
//! | `bigram-backcopy` | generated: a bigram table, and copying after three trigger symbols |
//! | `modular-addition`, `modular-subtraction`, `modular-multiplication`, `modular-division`, `modular-polynomial` | generated: equations modulo p, of which a share of the pairs is held out |
//! | `permutations` | generated: equations of permutations of n things, likewise |
//! | `copy` | generated: random symbols, then the same again |
//! | `induction` | generated: random pairs, then the same pairs in another order |
//! | `crates` | the `.rs` and `.md` files of the registry packages that a `Cargo.lock` pins |
//! | `text:PATH` | a file of text, or of documents in JSON with a `text` field, or a folder of both |
//! | `tokens:PATH` | a file of token ids: `.npy`, nanoGPT's and Megatron's `.bin`, shards of llm.c |
//!
//! A row of a batch is BOS and a window of the corpus: `context` inputs, each with the token after
//! it as its target. BOS appears nowhere else.
//!
//! # Bigram-Backcopy
//! The task of Guo et al. (2410.13835), generated: the next symbol follows the row of the current
//! one in a fixed bigram table, except that after one of the three most frequent symbols, the
//! triggers 0, 1 and 2, the symbol *before* the trigger is copied. The table depends on the number
//! of symbols alone, the sequences on the seed. After any other symbol the triggers have the
//! probabilities 0.17, 0.15 and 0.13; the rest goes to a few likely successors, such that symbol y
//! is found in proportion to 1 / (y + 1). No sequence starts with a trigger, so BOS is never
//! copied. The lowest possible loss is known: [`Corpus::optimal_loss`].
//!
//! # Equations
//! Equations `a ∘ b = c` of an operation (Power et al. 2201.02177), one after another: five symbols each, so that with BOS
//! a context of 5 is one equation. Half of the pairs (or another share) are trained on, the others held out, so that the
//! held-out loss and accuracy show when a model generalises (grokking). [`OPERATIONS`] lists the operations: numbers
//! modulo p, where division needs a prime p, and the permutations of n things, n! elements. a and b cannot be predicted:
//! [`Corpus::optimal_loss`] is ln p for each of them.
//!
//! # Copy and induction
//! What comes next was seen earlier in the same sequence. `copy`: the second half of a sequence is its first half.
//! `induction`: the first half are pairs of a key and a value, the second half the same pairs in another order, so that a
//! value can be known, but only by looking for its key (an induction head, Olsson et al. 2209.11895). Keys are the first
//! half of the symbols, and those of a sequence differ.
//!
//! # Answers
//! The answers of a corpus ([`Corpus::answers`]) are the tokens that follow with certainty: c of an equation, the
//! second half of `copy`, the values in the second half of `induction`. Their accuracy is recorded while a model trains.
//!
//! # Text
//! Text is read by [`outcrop_tokens`], as it is where checkpoints are measured: a file is a document, and so
//! is each line or element of a file of JSON. Documents that repeat an earlier
//! one word for word are dropped. Five per cent of the bytes are held out: whole documents, chosen by
//! the hash of their content (so that no folder or topic is favoured), and where no document is
//! small enough the end of one, cut at a line. Training windows never reach into the held-out part.
//! Documents are joined by a blank line; training windows start anywhere, each drawn on its own, and
//! may cross from one document into the next.
//!
//! # Token ids
//! The last twentieth of a file of ids is held out. Training windows start anywhere before it and are read from
//! the disk, so that a file may be larger than the memory. BOS is one id more than the vocabulary has.
//!
//! ```
//! use outcrop_train::data::{Corpus, CorpusSpec, CorpusOptions, TokenizerSpec};
//!
//! let spec: CorpusSpec = "bigram-backcopy".parse()?;
//! let options = CorpusOptions { context: 16, ..CorpusOptions::default() };
//! let corpus = Corpus::open(&spec, &TokenizerSpec::Bytes, &options)?;
//! let batch = corpus.batch(7, 4)?;
//! assert_eq!(batch.inputs.len(), 4 * 16);
//! assert_eq!(batch.inputs[0], corpus.bos());
//! assert_eq!(batch.targets[0], batch.inputs[1]);
//! # Ok::<(), outcrop_train::data::Error>(())
//! ```

mod backcopy;
mod batch;
mod copying;
mod corpus;
mod crates;
mod documents;
mod equations;
mod error;
mod files;
mod generated;
mod ids;
mod shared;
mod spec;
#[cfg(test)]
mod tests;
mod tokenizer;

pub use batch::Batch;
pub(crate) use batch::uniform;
pub use corpus::{Corpus, CorpusOptions};
pub use crates::CratesSource;
pub use equations::{BinaryOperation, OPERATIONS};
pub use error::Error;
pub use shared::Corpora;
pub use spec::{CorpusSpec, TokenizerSpec};
