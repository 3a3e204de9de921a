/// A result of the command or of its pipeline.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in the command. Each message completes "failed to ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A spec, table or file.
    #[error(transparent)]
    Core(#[from] outcrop_core::Error),
    /// An architecture, or what describes one.
    #[error(transparent)]
    Arch(#[from] outcrop_arch::Error),
    /// A checkpoint, or a series of them.
    #[error(transparent)]
    Checkpoint(#[from] outcrop_checkpoint::Error),
    /// A forward pass.
    #[error(transparent)]
    Forward(#[from] outcrop_forward::Error),
    /// Token sequences.
    #[error(transparent)]
    Tokens(#[from] outcrop_tokens::Error),
    /// A measured series.
    #[error(transparent)]
    Series(#[from] outcrop_series::Error),
    /// A schedule.
    #[error(transparent)]
    Schedule(#[from] outcrop_schedule::Error),
    /// A fit.
    #[error(transparent)]
    Fit(#[from] outcrop_fit::Error),
    /// A model or backend.
    #[error(transparent)]
    Model(#[from] outcrop_model::Error),
    /// A prediction.
    #[error(transparent)]
    Predict(#[from] outcrop_predict::Error),
    /// A report.
    #[error(transparent)]
    Report(#[from] outcrop_report::Error),
    /// A run.
    #[error(transparent)]
    Train(#[from] outcrop_train::Error),
    /// A regressor other than that of the predictor.
    #[error(
        "predict by {asked}: the predictor was trained as {trained}; give results folders to train another"
    )]
    OtherRegressor {
        /// The one asked for.
        asked: outcrop_predict::Regressor,
        /// The one of the predictor.
        trained: outcrop_predict::Regressor,
    },
    /// A profile that does not exist.
    #[error("read profile `{name}`: there is no such profile or file{hint}; embedded are {known}")]
    NoProfile {
        /// The name as given.
        name: String,
        /// `, did you mean ...`, or nothing.
        hint: String,
        /// The embedded profiles.
        known: String,
    },
    /// What a GPU backend does not compute.
    #[error(
        "measure with {flag} on {backend}: only the CPU computes it; leave out {flag} or --backend"
    )]
    OnlyCpu {
        /// The flag.
        flag: &'static str,
        /// The backend.
        backend: &'static str,
    },
    /// An option that does nothing.
    #[error("accept {option}: it does nothing without {without}; leave it out, or add that")]
    Idle {
        /// The option.
        option: String,
        /// What is not there.
        without: &'static str,
    },
    /// A machine that is not set up for what was asked.
    #[error("{0}")]
    Environment(String),
    /// Some of several runs failed.
    #[error("train {failed} of {of} models; the others were trained")]
    Failed {
        /// How many failed.
        failed: usize,
        /// Of how many.
        of: usize,
    },
    /// Steps that a series has not.
    #[error("measure {}: none of the steps {wanted} is there; its last is {last}", path.display())]
    NoSteps {
        /// The series.
        path: std::path::PathBuf,
        /// The steps asked for.
        wanted: String,
        /// The last that there is.
        last: u64,
    },
    /// A series with suspect steps, where that was to be a failure.
    #[error("trust {}: {suspects} of its checkpoints are suspect", path.display())]
    Suspect {
        /// The series.
        path: std::path::PathBuf,
        /// How many.
        suspects: usize,
    },
    /// No checkpoint could be measured.
    #[error("measure any of {of} checkpoints")]
    NothingMeasured {
        /// How many there are.
        of: usize,
    },
    /// Some checkpoints could not be measured.
    #[error("measure {failed} of {of} checkpoints; the others are in {}", path.display())]
    Unmeasured {
        /// How many.
        failed: usize,
        /// Of how many.
        of: usize,
        /// The folder with what was measured.
        path: std::path::PathBuf,
    },
    /// Nothing came of it, with the reason.
    #[error("{0}")]
    Nothing(String),
    /// A signal ended runs of a job array; each has a checkpoint.
    #[error("finish: a signal ended it, after a checkpoint; it resumes when it is queued again")]
    QueueAgain,
    /// Some runs of a job array failed.
    #[error("train {failed} of {of} runs; status shows why")]
    FailedInArray {
        /// How many failed.
        failed: usize,
        /// Of how many.
        of: usize,
    },
    /// Some checkpoints of a job array could not be measured.
    #[error("measure {failed} of {of} checkpoints; status shows why")]
    UnmeasuredInArray {
        /// How many.
        failed: usize,
        /// Of how many.
        of: usize,
    },
    /// A checkpoint of a job array that is given up.
    #[error(
        "measure it: it was started {starts} times without coming to an end; `resubmit` starts it anew"
    )]
    StartedTooOften {
        /// How often.
        starts: u32,
    },
    /// The user stopped it.
    #[error("finish: it was interrupted; the same command resumes it")]
    Interrupted,
}

impl Error {
    /// [`Error::Interrupted`] for a download that the user stopped.
    pub(crate) fn or_interrupted(self) -> Self {
        match self.is_stop() {
            true => Self::Interrupted,
            false => self,
        }
    }

    /// Whether it is a download that the user stopped.
    pub(crate) fn is_stop(&self) -> bool {
        match self {
            Self::Series(error) => error.is_stop(),
            Self::Checkpoint(error) => matches!(error, outcrop_checkpoint::Error::Stopped { .. }),
            _ => false,
        }
    }
}
