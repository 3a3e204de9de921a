//! Follows massive activations through transformer training: measure, fit, predict, report.
//!
//! This crate is the `outcrop` command and the pipeline behind `outcrop reproduce` ([`pipeline`]), and joins what
//! computes on GPUs with what reads checkpoints (`BackendEngine`). Each subject is a
//! crate of its own, re-exported here:
//!
//! | module | crate | what it does |
//! |---|---|---|
//! | [`arch`] | `outcrop-arch` | architectures, families, names of weights |
//! | [`core`] | `outcrop-core` | statistics, trajectories, fits and their tables |
//! | [`measure`] | `outcrop-measure` | statistics of a hidden state |
//! | [`schedule`] | `outcrop-schedule` | at which steps to save and to measure |
//! | [`fit`] | `outcrop-fit` | the curve by which massive activations emerge |
//! | [`predict`] | `outcrop-predict` | predictions of that curve from an architecture |
//! | [`checkpoint`] | `outcrop-checkpoint` | checkpoints on disk and from the hub, their audit |
//! | [`observe`] | `outcrop-observe` | other observables of a tensor |
//! | [`forward`] | `outcrop-forward` | published transformers, block by block |
//! | [`tokens`] | `outcrop-tokens` | the sequences on which a checkpoint is measured |
//! | [`series`] | `outcrop-series` | a series of checkpoints measured into tables |
//! | [`model`] | `outcrop-model` | a transformer with taps |
//! | [`train`] | `outcrop-train` | training and measuring it |
//! | [`report`] | `outcrop-report` | figures and a page |
//! | [`export`] | `outcrop-export` | files of TensorBoard and Weights & Biases |
//!
//! ```
//! use outcrop::arch::ArchSpec;
//! use outcrop::core::Trajectory;
//! use outcrop::schedule::Schedule;
//!
//! assert_eq!(Schedule::pythia().steps().len(), 154);
//! assert_eq!(ArchSpec::pythia("14m")?.layers, 6);
//! # Ok::<(), outcrop::core::Error>(())
//! ```

pub use {
    outcrop_arch as arch, outcrop_checkpoint as checkpoint, outcrop_core as core,
    outcrop_export as export, outcrop_fit as fit, outcrop_forward as forward,
    outcrop_measure as measure, outcrop_model as model, outcrop_observe as observe,
    outcrop_predict as predict, outcrop_report as report, outcrop_schedule as schedule,
    outcrop_series as series, outcrop_tokens as tokens, outcrop_train as train,
};

#[cfg(feature = "burn")]
mod backend_engine;
mod bundled;
pub mod cli;
mod cluster;
mod effects;
mod error;
mod events;
mod fits;
pub mod pipeline;

#[cfg(feature = "burn")]
pub use backend_engine::BackendEngine;
pub use bundled::bundled_predictor;
pub use error::{Error, Result};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
