use std::path::PathBuf;

use crate::data;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a run. Each message completes "failed to ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A spec, table or file.
    #[error(transparent)]
    Core(#[from] outcrop_core::Error),
    /// An architecture, or what describes one.
    #[error(transparent)]
    Arch(#[from] outcrop_arch::Error),
    /// A corpus or tokenizer.
    #[error(transparent)]
    Data(#[from] data::Error),
    /// A schedule of the spec.
    #[error("read {field}: failed to {source}")]
    Schedule {
        /// `schedule.measure` or `schedule.save`.
        field: &'static str,
        /// What is wrong with it.
        source: outcrop_schedule::Error,
    },
    /// A model or backend.
    #[error(transparent)]
    Model(#[from] outcrop_model::Error),
    /// A forward pass that observes.
    #[error(transparent)]
    Forward(#[from] outcrop_forward::Error),
    /// An observable.
    #[error(transparent)]
    Observe(#[from] outcrop_observe::Error),
    /// A checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] outcrop_checkpoint::Error),
    /// The run directory belongs to another run.
    #[error(
        "train into {}: it holds a run of another spec ({difference}); nothing was changed, choose another folder or remove it",
        path.display()
    )]
    OtherSpec {
        /// The run directory.
        path: PathBuf,
        /// The first field that differs.
        difference: String,
    },
    /// The folder holds files that are no run.
    #[error(
        "train into {}: it is not empty and holds no run.toml; nothing was changed, choose another folder",
        path.display()
    )]
    NotARun {
        /// The folder.
        path: PathBuf,
    },
    /// Files that the run wrote are gone, cut or altered.
    #[error(
        "resume {}: it is damaged: {what}; nothing was changed; --repair computes again what is missing, \
         from the newest checkpoint before it",
        path.display()
    )]
    Damaged {
        /// The run directory.
        path: PathBuf,
        /// The files, and what is wrong with them.
        what: String,
    },
    /// A checkpoint lacks what the model needs to resume.
    #[error("resume from {}: the optimiser state of `{parameter}` is missing or of another size", path.display())]
    Resume {
        /// The checkpoint.
        path: PathBuf,
        /// The parameter.
        parameter: String,
    },
    /// The loss or its gradient is no longer a finite number.
    #[error(
        "train past step {step}: the {what} is {value}{place}; lower train.learning_rate or train.clip"
    )]
    Diverged {
        /// Updates made so far.
        step: u64,
        /// `loss` or `gradient norm`.
        what: &'static str,
        /// Its value.
        value: f64,
        /// Where the first non-finite hidden state stands, in words; empty if there is none.
        place: String,
    },
    /// The device failed while it computed.
    #[error("read a tensor from the device: {0}")]
    Device(String),
}

impl Error {
    /// The field of the spec at fault, where it is one.
    pub(crate) fn key(&self) -> Option<&str> {
        match self {
            Self::Core(error) => error.key(),
            Self::Arch(error) => error.field(),
            Self::Schedule { field, .. } => Some(field),
            _ => None,
        }
    }
}
