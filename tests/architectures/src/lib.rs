//! The architectures that engines are tested with, and what PyTorch computes of them: one table for every engine.
//!
//! | where | what |
//! |---|---|
//! | `cases.json` | the table: by name, with the keys of `docs/architecture-keys.md` |
//! | [`table`], [`varied`] | the table; and its first row with each word of each switch in turn, which needs no row |
//! | [`steps`], [`words`] | what the cases have to cover: `tests/cover.rs` fails where one lacks a case |
//! | [`weights`], [`tokens`] | numbers that follow from names, so that Python draws the same and no file holds them |
//! | `export.py`, [`pytorch`] | states, losses and gradients of the table in PyTorch, written from the switches alone |
//!
//! ```
//! let cases = architectures::table();
//! let neox = &cases[0];
//! assert_eq!((neox.name.as_str(), neox.arch.layers), ("neox", 2));
//! // the weights of PyTorch, whatever an engine keeps in one matrix
//! let gain = &architectures::weights(&neox.arch)["2.MlpNorm.Gain"];
//! assert_eq!(gain.len(), 10);
//! ```

mod cases;
mod draw;
mod files;
mod pytorch;
mod steps;
mod words;

pub use cases::{Case, cases, table, varied};
pub use draw::{Parts, SEQUENCES, part_name, tokens, uniform, weights};
pub use files::{from_file, to_file};
pub use pytorch::{Expected, Summary, pytorch};
pub use steps::{STEPS, steps};
pub use words::{Choice, numbers, words};
