use std::path::PathBuf;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a model. Each message completes "failed to ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No backend was compiled in.
    #[error(
        "train a model: this `outcrop` was built without training, as the Python package has it; \
         `cargo install --locked --git {} outcrop` installs the whole command",
        env!("CARGO_PKG_REPOSITORY")
    )]
    NoBackends,
    /// The backend was not compiled in.
    #[error(
        "use backend {backend}: it is not compiled in; build with `--features {backend}` or choose one of: {available}"
    )]
    BackendNotCompiled {
        /// The backend asked for.
        backend: &'static str,
        /// Those that are compiled in.
        available: String,
    },
    /// The backend found no device, or could not start it.
    #[error(
        "use backend {backend}: no usable device was found ({reason}); `--backend flex` runs on the CPU"
    )]
    NoDevice {
        /// The backend asked for.
        backend: &'static str,
        /// What the backend said.
        reason: String,
    },
    /// A backend of that name does not exist.
    #[error("use backend `{name}`: there is no such backend; known are flex, wgpu, vulkan, cuda")]
    UnknownBackend {
        /// The name as given.
        name: String,
    },
    /// A tap point of that name does not exist.
    #[error(
        "use tap point `{name}`: there is no such tap point; known are resid_pre, attn_write, mlp_write, resid_post"
    )]
    UnknownTapPoint {
        /// The name as given.
        name: String,
    },
    /// An architecture with something that only published models are measured with.
    #[error("train a model with `arch.{what}`: only `outcrop measure` computes it; leave it out")]
    Untrained {
        /// Its key.
        what: &'static str,
    },
    /// An architecture with something that Burn's operations do not compute.
    #[error(
        "measure a model with `{what}` on a GPU: only the CPU computes it; leave out --backend"
    )]
    OnlyCpu {
        /// Its key.
        what: &'static str,
    },
    /// The architecture is out of range.
    #[error(transparent)]
    Core(#[from] outcrop_core::Error),
    /// An architecture, or what describes one.
    #[error(transparent)]
    Arch(#[from] outcrop_arch::Error),
    /// A weights file could not be read or written.
    #[error(transparent)]
    Checkpoint(#[from] outcrop_checkpoint::Error),
    /// A weights file does not hold the weights of this architecture.
    #[error("load {}: {}", path.display(), problems.join("; "))]
    Weights {
        /// The file.
        path: PathBuf,
        /// Each tensor that is missing, superfluous or misshaped.
        problems: Vec<String>,
    },
    /// A hidden state could not be measured.
    #[error("measure layer {layer}: {source}")]
    Measure {
        /// Layer, from 1.
        layer: usize,
        /// What is wrong with it.
        source: outcrop_measure::Error,
    },
    /// The device failed while it computed.
    #[error("read a tensor from the device: {0}")]
    Device(String),
}
