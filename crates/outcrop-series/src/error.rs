/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong while a series is measured. Each message completes "failed to ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A table or file.
    #[error(transparent)]
    Core(#[from] outcrop_core::Error),
    /// A checkpoint, or a series of them.
    #[error(transparent)]
    Checkpoint(#[from] outcrop_checkpoint::Error),
    /// A forward pass.
    #[error(transparent)]
    Forward(#[from] outcrop_forward::Error),
    /// Token sequences.
    #[error(transparent)]
    Tokens(#[from] outcrop_tokens::Error),
    /// A folder that holds another series, or anything else.
    #[error(
        "measure into {}: {reason}; choose another folder with --out, or remove it",
        path.display()
    )]
    OtherSeries {
        /// The folder.
        path: std::path::PathBuf,
        /// Its content.
        reason: String,
    },
    /// Tables of a measured series that are gone, cut or altered.
    #[error(
        "measure into {}: it is damaged: {what}; nothing was changed; --repair measures again what is missing",
        path.display()
    )]
    Damaged {
        /// The folder.
        path: std::path::PathBuf,
        /// The files, and what is wrong with them.
        what: String,
    },
    /// Checkpoints that have changed since they were measured into a folder.
    #[error(
        "measure into {}: weights or configs have changed since they were measured: {words}; --again measures \
         these steps anew, --out names another folder",
        path.display()
    )]
    Changed {
        /// The folder.
        path: std::path::PathBuf,
        /// The first steps that differ, and in what.
        words: String,
    },
    /// A checkpoint without a config.
    #[error(
        "measure {}: it has no config.json, nor has the folder of its series; --config names one",
        path.display()
    )]
    NoConfig {
        /// The checkpoint.
        path: std::path::PathBuf,
    },
    /// A checkpoint whose architecture is not that of its series.
    #[error("measure {}: it is of another architecture than the series: {difference}", path.display())]
    OtherArchitecture {
        /// The checkpoint.
        path: std::path::PathBuf,
        /// The fields that differ.
        difference: String,
    },
    /// The folder of a step that holds no checkpoint.
    #[error("measure it: {0}")]
    NoCheckpoint(String),
}

impl Error {
    /// Whether it is a download that the user stopped.
    pub fn is_stop(&self) -> bool {
        matches!(
            self,
            Self::Checkpoint(outcrop_checkpoint::Error::Stopped { .. })
        )
    }

    /// The revision of a hub that is there without weights, if it is about one.
    pub(crate) fn lacks_weights(&self) -> Option<String> {
        match self {
            Self::Checkpoint(outcrop_checkpoint::Error::NoFiles { repo, revision, .. }) => {
                Some(format!("{repo} at revision {revision}"))
            }
            _ => None,
        }
    }
}
