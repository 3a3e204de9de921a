//! Measuring the checkpoints of a series into a folder of tables: one checkpoint in memory at a time,
//! whole steps appended, the series audited while it is measured, suspect steps marked.
//!
//! | file | what it holds |
//! |---|---|
//! | `measurements.csv` | top 3 with places and tokens, median, spread of every (step, sequence, layer) |
//! | `places.csv` | the (position, channel) pairs that persist over layers and steps |
//! | `heads.csv` | attention sinks of every head, where they were asked for |
//! | `audit.json` | hashes of every file and tensor, and what the audit found |
//! | `architectures.csv`, `provenance.json` | |
//! | `state.json` | the steps that are in the tables, from what they were measured, and hashes of all |
//! | `.lock` | the process that is measuring: one at a time |
//!
//! ```
//! use outcrop_series::{Folder, SeriesOptions};
//!
//! let folder = Folder::new("measured/pythia-70m");
//! assert!(folder.file("heads.csv").ends_with("pythia-70m/heads.csv"));
//! let options = SeriesOptions::new("pythia-70m");
//! assert!(options.audit.is_some() && !options.sinks);
//! ```

mod error;
mod folder;
mod key;
mod look;
mod model;
mod outcome;
mod rows;
mod run;
mod salvage;
mod source;
mod state;
mod tables;

pub use error::{Error, Result};
pub use folder::Folder;
pub use key::Key;
pub use look::{Look, look};
pub use model::{open_checkpoint, read_config};
pub use outcome::{Event, Failure, Outcome, SeriesOptions, tokens_in_words};
pub use run::measure_series;
pub use source::{CheckpointSource, HubSource};
pub use state::{Good, State};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
