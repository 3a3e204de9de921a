//! Measurements as files of other tools: event files of TensorBoard, offline runs of Weights & Biases.
//!
//! [`runs`] sorts the rows of the tables of a run into one [`MeasuredRun`] for each model, with a [`Snapshot`] for each step: named
//! numbers, and a [`Histogram`] of magnitudes for each layer. [`tensorboard`] and [`wandb`] write them. The crate knows
//! no network, and writes no number that was not measured.
//!
//! ```
//! use outcrop_core::LossPoint;
//! use outcrop_export::{runs, tensorboard};
//!
//! let loss = LossPoint {
//!     model: "m".into(),
//!     step: 8,
//!     tokens: 4096,
//!     loss: Some(2.5),
//!     held_out_loss: 2.75,
//!     learning_rate: Some(1e-3),
//!     gradient_norm: None,
//! };
//! let runs = runs(&[loss], &[], &[]);
//! assert_eq!(runs[0].snapshots[0].scalars[0], ("loss/held_out".to_owned(), 2.75));
//! let bytes = tensorboard::file(&runs[0].snapshots, 0.0);
//! assert_eq!(tensorboard::scan(&bytes).last_step, Some(8));
//! ```

mod checksum;
mod histogram;
mod run;
pub mod tensorboard;
pub mod wandb;

pub use histogram::{Bucket, Histogram};
pub use run::{MeasuredRun, Snapshot, runs};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
