//! Trains small transformers and measures massive activations while they emerge.
//!
//! [`train`] takes a [`RunSpec`] (architecture, corpus, optimiser, schedules) and a run directory.
//! While it trains, it writes the loss, the statistics of every layer at the scheduled steps, and
//! checkpoints. After an interruption it resumes from these and ends with the same bits as a run
//! that was never interrupted. An [`Observer`] is informed of each event.
//!
//! Without any backend (`default-features = false`) nothing of Burn is compiled: specs, corpora and run directories are
//! read as ever, and [`train`] refuses.
//!
//! | file of a run directory | what it is |
//! |---|---|
//! | `run.toml` | the resolved spec |
//! | `provenance.json` | version, spec hash, corpus hash, backend, seed |
//! | `state.json` | whether the run is finished, its step, and hashes of its files |
//! | `measurements.csv`, `loss.csv` | only complete steps |
//! | `events.csv` | what its spec changes in the middle of the run, where it does |
//! | `observables.csv` | observables at the places of the forward pass, where the spec asks for them; of a corpus with answers its accuracy |
//! | `.lock` | the process that is training: one at a time |
//! | `checkpoints/step-000512/` | `model.safetensors`, `config.json`, of text `tokenizer.json` and `tokenizer_config.json`, `resume/tables.json`, before the last step `resume/optimizer.safetensors`, of Gemma and others `resume/weights.safetensors`, with observables `resume/observed.json` and `resume/*-step*.safetensors`, `SHA256SUMS` |
//!
#![cfg_attr(
    feature = "flex",
    doc = r#"```
use outcrop_train::{Environment, Outcome, RunSpec, train};

let spec = RunSpec::from_toml(
    "model = 'tiny'
     [arch]
     layers = 1
     d_model = 16
     heads = 1
     context = 16
     [data]
     corpus = 'bigram-backcopy'
     [train]
     steps = 4
     batch = 2
     warmup = 1
     [schedule]
     measure = '0,4'",
)?;
let dir = tempfile::tempdir().map_err(|e| outcrop_core::Error::io("create", "tempdir", e))?;
let outcome = train(&spec, dir.path(), &Environment::default(), &mut ())?;
assert_eq!(outcome, Outcome::Finished);
let table = outcrop_core::table::measurements(&dir.path().join("measurements.csv"))?;
assert_eq!(table.rows.len(), 2 * 10); // steps 0 and 4, ten held-out sequences, one layer
# Ok::<(), outcrop_train::Error>(())
```"#
)]

#[cfg(feature = "burn")]
mod answers;
#[cfg(feature = "burn")]
mod checkpoint;
#[cfg_attr(
    not(feature = "burn"),
    expect(dead_code, reason = "training alone uses all of it")
)]
pub mod data;
mod environment;
mod error;
#[cfg(feature = "burn")]
mod held_out;
mod learning_rate;
mod linear;
mod observer;
#[cfg(feature = "burn")]
mod observing;
mod optimizer;
#[cfg_attr(
    not(feature = "burn"),
    expect(dead_code, reason = "training alone uses all of it")
)]
mod run_dir;
#[cfg_attr(
    not(feature = "burn"),
    expect(dead_code, reason = "training alone uses all of it")
)]
mod spec;
#[cfg(feature = "burn")]
mod trainer;
#[cfg(not(feature = "burn"))]
mod untrained;

pub use environment::{Environment, open_corpus};
pub use error::{Error, Result};
pub use learning_rate::learning_rate;
pub use linear::{LinearRun, LinearSpec, MODE_STRENGTH, linear_modes, saxe, train_linear};
pub use observer::{Event, Observer, Outcome};
#[cfg(feature = "burn")]
pub use optimizer::{GradientSum, Optimizer};
pub use optimizer::{OptimizerKeys, OptimizerKind, WeightDecay};
pub use run_dir::{Extents, RunDir, State};
pub use spec::{
    DataSpec, EventSpec, LossTargets, MeasureSpec, RateSchedule, RunSpec, ScheduleSpec, TrainSpec,
};
#[cfg(feature = "burn")]
pub use trainer::{train, train_staged};
#[cfg(not(feature = "burn"))]
pub use untrained::{train, train_staged};

#[cfg(all(doctest, feature = "flex"))]
#[doc = include_str!("../README.md")]
struct Readme;
