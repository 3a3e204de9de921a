//! Checkpoints on disk and on the hub, written by Outcrop or by another trainer.
//!
//! - [`write_tensors`] and [`read_tensors`]: safetensors files; every size that a header claims is checked before
//!   memory is allocated.
//! - [`write_checkpoint`]: a folder `step-000512` that appears under its name only when all of its files and
//!   their `SHA256SUMS` are on the disk; [`clean`] removes the partial folders of killed processes.
//! - [`verify`]: whether a folder is unchanged since it was written; `sha256sum -c SHA256SUMS` checks the same.
//! - [`series`] and [`latest_valid`]: which steps a run of Outcrop has, and from which one to resume.
//! - [`Weights`]: weights of any trainer, safetensors, PyTorch or GGUF, whole or in shards, tensor by tensor;
//!   no code in them runs.
//! - [`CheckpointSeries`]: checkpoints of any trainer by step, in folders or the hub's cache.
//! - [`audit()`]: whether the checkpoints of a series are what their names say.
//! - [`CheckpointName`] and [`Listing`]: what names of checkpoints say, one by one and together.
//! - `Hub` (feature `hub`): revisions from the Hugging Face hub.
//! - `runs` (feature `runs`): public training runs, how they name checkpoints, and their known faults.
//!
//! Everything that needs SHA-256 (writing and verifying checkpoints, the audit, the hub) needs the feature `checksums`;
//! PyTorch's files need `pytorch`. Both are on by default.
//!
//! ```
//! use outcrop_checkpoint::{Error, Tensor, latest_valid, read_tensors, write_checkpoint, write_tensors};
//!
//! let dir = tempfile::tempdir()?;
//! let weight = Tensor { name: "w".into(), shape: vec![2, 2], data: vec![1.0, 2.0, 3.0, 4.0] };
//! write_checkpoint(dir.path(), 512, |folder| {
//!     let file = folder.join("model.safetensors");
//!     write_tensors(&file, std::slice::from_ref(&weight), &Default::default())
//! })?;
//! let (latest, rejected) = latest_valid(dir.path())?;
//! let (step, folder) = latest.expect("the checkpoint of step 512");
//! assert_eq!((step, rejected.len()), (512, 0));
//! assert_eq!(read_tensors(&folder.join("model.safetensors"))?, [weight]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "checksums")]
mod audit;
#[cfg(feature = "checksums")]
mod checkpoint;
mod discover;
mod dtype;
mod error;
mod fault;
#[cfg(any(feature = "hub", feature = "runs"))]
mod glob;
mod header;
#[cfg(feature = "hub")]
mod hub;
#[cfg(feature = "checksums")]
mod latest;
mod names;
mod near;
#[cfg(feature = "pytorch")]
mod pickle;
#[cfg(feature = "runs")]
mod runs;
mod series;
#[cfg(feature = "checksums")]
mod sums;
mod tensors;
mod unique;
mod weights;

#[cfg(feature = "checksums")]
pub use audit::{
    Audit, AuditOptions, AuditedCheckpoint, AuditedFile, AuditedTensor, Auditor, CheckpointScan,
    Code, Finding, Sketch, audit, audit_with,
};
#[cfg(feature = "checksums")]
pub use checkpoint::{clean, write_checkpoint};
pub use discover::{
    Checkpoint, CheckpointSeries, Select, SkippedFolder, config_text, stage_and_step,
};
pub use dtype::DType;
pub use error::{Error, Result};
pub use fault::KnownFault;
#[cfg(feature = "hub")]
pub use hub::{Hub, HubCaller, HubLimits, InUse, Transfer, git_blob_sha1};
#[cfg(feature = "checksums")]
pub use latest::{Latest, Rejected, latest_valid};
pub use names::{CheckpointName, Counts, Example, Listing, UNDERSTOOD};
#[cfg(feature = "runs")]
pub use runs::{Bos, Each, Run, run_of, run_of_folder, runs};
pub use series::{parse_step_folder, series, step_folder};
#[cfg(feature = "checksums")]
pub use sums::{Altered, SUMS, verify};
pub use tensors::{Tensor, read_metadata, read_tensors, read_tensors_where, write_tensors};
pub use weights::{BufferPool, TensorInfo, Weights};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
