use std::path::PathBuf;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with checkpoints. Each message completes "failed to ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error(transparent)]
    Core(#[from] outcrop_core::Error),
    /// A file that is not the safetensors file its header claims.
    #[error("read {} as safetensors: {reason}", path.display())]
    Malformed {
        /// The file at fault.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A tensor of a type that is not read.
    #[error(
        "read {}: tensor `{tensor}` has dtype {dtype}; supported are F32, F16, BF16 and F64",
        path.display()
    )]
    Dtype {
        /// The file.
        path: PathBuf,
        /// The tensor at fault.
        tensor: String,
        /// Its type, as safetensors names it.
        dtype: String,
    },
    /// A tensor that cannot be written.
    #[error("write {}: tensor `{tensor}` {reason}", path.display())]
    Tensor {
        /// The file that was to be written.
        path: PathBuf,
        /// The tensor at fault.
        tensor: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Two folders of one step.
    #[error(
        "list checkpoints: {} and {} are both step {step}; remove or rename one",
        first.display(),
        second.display()
    )]
    DuplicateStep {
        /// The step.
        step: u64,
        /// One folder.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A folder that is not what its `SHA256SUMS` lists.
    #[error("verify {}: `{file}` {reason}", folder.display())]
    Invalid {
        /// The checkpoint.
        folder: PathBuf,
        /// The first file at fault, relative to the folder.
        file: String,
        /// Whether it is missing, extra or differs, and how.
        reason: String,
    },
    /// A file in a checkpoint that `SHA256SUMS` cannot list.
    #[error("write the checksums of {}: {reason}", path.display())]
    Unlistable {
        /// The file at fault.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
}

impl Error {
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
        source: std::io::Error,
    ) -> Self {
        outcrop_core::Error::io(action, path, source).into()
    }
}
