/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a slice is no hidden state [positions, d_model]. Each message completes "failed to ...".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing to measure.
    #[error("measure a hidden state without scalars: at least one position is needed")]
    Empty,
    /// A number of channels that is 0 or that places cannot hold.
    #[error("measure a hidden state of d_model = {d_model}: allowed is 1 to 4294967296")]
    Channels {
        /// The number of channels as given.
        d_model: usize,
    },
    /// A length that is no whole number of positions.
    #[error("measure a hidden state of {length} scalars: no multiple of d_model = {d_model}")]
    Length {
        /// The number of scalars as given.
        length: usize,
        /// The number of channels as given.
        d_model: usize,
    },
    /// More positions than places can hold.
    #[error("measure a hidden state of {positions} positions: at most 4294967296 are allowed")]
    Positions {
        /// The number of positions that follows.
        positions: usize,
    },
}
