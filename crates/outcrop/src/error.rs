/// A result of the command or of its pipeline.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in the command. Each message completes "failed to ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A spec, table or file.
    #[error(transparent)]
    Core(#[from] outcrop_core::Error),
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
    /// A run of a profile.
    #[error("train `{model}`: failed to {source}")]
    Run {
        /// Name of the model.
        model: String,
        /// What went wrong.
        source: Box<outcrop_train::Error>,
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
    /// A machine that is not set up for what was asked.
    #[error("{0}")]
    Environment(String),
    /// Some runs of a profile failed.
    #[error("train {failed} of {of} models; the others are in the report")]
    Failed {
        /// How many failed.
        failed: usize,
        /// Of how many.
        of: usize,
    },
    /// The user stopped it.
    #[error("finish: it was interrupted; the same command goes on where it was")]
    Interrupted,
}
