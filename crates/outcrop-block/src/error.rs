/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a section of a plan cannot be computed here. Each message completes "failed to ...".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A step, or an order of steps, that this crate does not have.
    #[error("compute a block with {what}: not supported on the CPU")]
    Lack {
        /// The step.
        what: String,
    },
    /// A step without its weight.
    #[error("compute a block: its plan has no {kind} of {role}")]
    Part {
        /// Whose weight.
        role: String,
        /// Which: matrix, gain.
        kind: &'static str,
    },
}

impl Error {
    pub(crate) fn lack(what: impl Into<String>) -> Self {
        Self::Lack { what: what.into() }
    }
}
