//! The data types of Outcrop and their tables.
//!
//! Massive activations are a few scalars in a transformer's hidden state that grow thousands of times larger than the
//! rest while it trains. The crates of this workspace measure them, fit the curve by which they emerge, predict that
//! curve from an architecture and draw it. This crate holds the data types that they exchange, and no method of
//! analysis:
//!
//! | type | what it is | on disk |
//! |---|---|---|
//! | [`NamedArch`] | an architecture ([`outcrop_arch`]) with the name of its model in tables | `architectures.csv`, TOML |
//! | [`LayerStats`] | top 3 magnitudes, lower median, non-finite count of one hidden state | |
//! | [`Measurement`] | a [`LayerStats`] with its model, step, sequence and layer | `measurements.csv` |
//! | [`Trajectory`] | the ratio of one layer over training steps | `trajectories.csv` |
//! | [`Fit`] | one curve fitted to one trajectory, with its [`Quantity`] list | `fits.csv` |
//! | [`Comparison`] | a published fit compared with one of ours | `comparison.csv` |
//! | [`Forecast`] | a later value, forecast from the beginning of a trajectory | `forecasts.csv` |
//! | [`CurvePoint`] | one point of a fitted curve | `curves.csv` |
//! | [`LossPoint`] | the training and held-out loss at one step | `loss.csv` |
//! | [`RatePoint`] | the learning rate of one update | columns of `loss.csv` and of tables of trajectories |
//! | [`PersistentPlace`] | a (position, channel) where magnitudes stay large over layers and steps | `places.csv` |
//! | [`HeadSink`] | how much attention a head gives to the first position | `heads.csv` |
//! | [`ExpertShare`] | how many tokens an expert of a mixture of experts gets | `routers.csv` |
//! | [`Observation`] | a number observed of a tensor: its mean over sequences, or why there is none | `observables.csv` |
//! | [`RecipeEffect`], [`EffectScale`] | what a change of the recipe does to a number, from runs paired by seed | `effects.csv` |
//! | [`TrainingEvent`], [`EventKind`] | something that happened in training: a loss spike, a change of the learning rate, a stage | `events.csv` |
//! | [`Intervention`] | the loss with massive activations set to zero or to their mean | `interventions.csv` |
//! | [`Score`] | how well one regressor predicts one target | `scores.csv` |
//! | [`ModelScore`] | how well it predicts one model left out | `model_scores.csv` |
//! | [`Provenance`] | where an output comes from | `provenance.json` |
//!
//! Tables are read as a whole or, at any size, as streams ([`table`]); [`open_trajectories`] opens any source of
//! trajectories, including the data set that the paper published ([`published`]).
//!
//! The data types alone need no other crate but `strsim`. Everything else is behind a feature:
//!
//! | feature | what it adds |
//! |---|---|
//! | `serde` | serde can read and write the data types |
//! | `files` | [`Error`]; files that are complete or absent, locks of folders |
//! | `hashes` | SHA-256 of bytes and files |
//! | `arch` | [`NamedArch`]; `config.json` of Hugging Face |
//! | `json` | [`Provenance`], sealed JSON, tables that grow under a hash |
//! | `documents` (default) | [`Document`]: TOML whose errors name the line |
//! | `tables` (default) | [`table`], [`published`], [`open_trajectories`] |
//! | `gzip`, `parquet` | tables in these formats |
//!
//! ```
//! use outcrop_core::Document;
//!
//! let spec = Document::parse("layers = 2\nd_model = 64\nheads = 4", "mine.toml")?.arch()?;
//! assert_eq!(spec.d_ff, 256);
//! # Ok::<(), outcrop_core::Error>(())
//! ```

#[cfg(feature = "arch")]
mod architecture;
mod comparison;
#[cfg(feature = "documents")]
mod document;
mod effect;
#[cfg(feature = "files")]
mod error;
mod event;
mod explanation;
#[cfg(feature = "files")]
mod files;
mod fit;
#[cfg(feature = "files")]
mod git_lfs;
#[cfg(feature = "hashes")]
mod hash;
#[cfg(feature = "tables")]
mod input;
mod intervention;
#[cfg(feature = "documents")]
mod keys;
mod loss;
mod nearest;
mod observation;
mod places;
#[cfg(feature = "json")]
mod provenance;
#[cfg(feature = "tables")]
pub mod published;
mod quantity;
mod rate;
mod routing;
mod score;
mod stats;
#[cfg(feature = "tables")]
pub mod table;
mod trajectory;

#[cfg(all(feature = "arch", feature = "hashes"))]
pub use architecture::arch_sha256;
#[cfg(feature = "documents")]
pub use architecture::read_arch;
#[cfg(feature = "arch")]
pub use architecture::{NamedArch, read_huggingface};
pub use comparison::{Comparison, CurveVerdict};
#[cfg(feature = "documents")]
pub use document::Document;
pub use effect::{EffectScale, RecipeEffect};
#[cfg(feature = "files")]
pub use error::{Error, Result};
pub use event::{EventKind, TrainingEvent};
pub use explanation::{Attribution, Dependence, Importance};
#[cfg(feature = "files")]
pub use files::{
    AtomicFile, FolderLock, LOCK_FILE, StagedFolder, check_writable, create_folder, holds_nothing,
    is_temporary, remove_leftovers, remove_staged, staged, sync_folder, sync_tree, write_atomic,
    write_atomic_with, write_unless_same,
};
#[cfg(feature = "json")]
pub use files::{Extent, GrowingTable, read_sealed, write_sealed};
pub use fit::{CurvePoint, Fit, Forecast};
#[cfg(feature = "files")]
pub use git_lfs::refuse_lfs_pointer;
#[cfg(feature = "hashes")]
pub use hash::{RunningSha256, sha256_file, sha256_hex};
#[cfg(feature = "tables")]
pub use input::{Trajectories, WHOLE_TABLE_BYTES, open_trajectories, open_trajectories_from};
pub use intervention::{Intervention, SetTo};
#[cfg(feature = "documents")]
pub use keys::{read_table, reject_unknown_keys};
pub use loss::LossPoint;
pub use nearest::nearest;
pub use observation::Observation;
pub use places::{HeadSink, PersistentPlace};
#[cfg(feature = "json")]
pub use provenance::Provenance;
pub use quantity::{Quantities, Quantity, QuantityColumn};
pub use rate::RatePoint;
pub use routing::ExpertShare;
pub use score::{ModelScore, Prediction, Score};
pub use stats::{
    Detail, LaterStats, LayerStats, MASSIVE_MAGNITUDE, MASSIVE_RATIO, Measurement, Place, Spread,
    Stage, TOP_RATIO, Top,
};
pub use trajectory::{Ratio, Stages, Trajectory, TrajectoryBuilder, TrajectoryOptions};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
