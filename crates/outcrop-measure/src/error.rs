use std::fmt;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a slice is no hidden state [positions, d_model]. Each message completes "failed to ...".
///
/// Its messages are written by hand: thiserror would be a third of all that this crate needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing to measure.
    Empty,
    /// A number of channels that is 0 or that places cannot hold.
    Channels {
        /// The number of channels as given.
        d_model: usize,
    },
    /// A length that is no whole number of positions.
    Length {
        /// The number of scalars as given.
        length: usize,
        /// The number of channels as given.
        d_model: usize,
    },
    /// More positions than places can hold.
    Positions {
        /// The number of positions that follows.
        positions: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("measure a hidden state ")?;
        match self {
            Self::Empty => write!(f, "without scalars: at least one position is needed"),
            Self::Channels { d_model } => {
                write!(f, "of d_model = {d_model}: allowed is 1 to 4294967296")
            }
            Self::Length { length, d_model } => {
                write!(f, "of {length} scalars: no multiple of d_model = {d_model}")
            }
            Self::Positions { positions } => {
                write!(
                    f,
                    "of {positions} positions: at most 4294967296 are allowed"
                )
            }
        }
    }
}

impl std::error::Error for Error {}
