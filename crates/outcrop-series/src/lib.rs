//! Measures the checkpoints of a series into a folder of tables. One checkpoint is in memory at a time. Only complete
//! steps are appended. The series is audited while it is measured, and suspect steps are marked.
//!
//! | file | what it holds |
//! |---|---|
//! | `measurements.csv` | top 3 with places and tokens, median, spread of every (step, sequence, layer) |
//! | `places.csv` | the (position, channel) pairs that persist over layers and steps |
//! | `heads.csv` | attention sinks of every head, if requested |
//! | `routers.csv` | the share of tokens that every expert gets, of mixtures of experts |
//! | `observables.csv` | observables at the places of the forward pass, if requested |
//! | `compared/` | what steps are compared with: top channels of each, kernels of the first and the last |
//! | `audit.json` | hashes of every file and tensor, and the findings of the audit |
//! | `architectures.csv`, `provenance.json` | |
//! | `state.json` | the steps in the tables, with hashes of their inputs and of the tables |
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

mod compared;
mod error;
mod folder;
mod key;
mod look;
mod model;
mod outcome;
mod part;
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
pub use model::{open_checkpoint, read_config, read_config_at};
pub use outcome::{SeriesEvent, SeriesFailure, SeriesOptions, SeriesOutcome, tokens_in_words};
pub use part::PartStanding;
pub use run::measure_series;
pub use source::{CheckpointSource, HubRevision, HubSource};
pub use state::{Good, SeriesState};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
