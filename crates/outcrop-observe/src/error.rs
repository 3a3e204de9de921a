/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a slice is no tensor [rows, columns], or a name no observable. Each message completes "failed to ...".
///
/// What a sound tensor does not define is no error: see [`Missing`](crate::Missing).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing to observe.
    #[error("observe a tensor without scalars: at least one row and one column are needed")]
    Empty,
    /// A length that is no whole number of rows.
    #[error("observe {length} scalars as rows of {columns}: no whole number of rows")]
    Length {
        /// The number of scalars as given.
        length: usize,
        /// The number of columns as given.
        columns: usize,
    },
    /// A tensor beside the observed one has another number of rows or columns.
    #[error("compare with {companion} of {found} {what}: the observed tensor has {expected}")]
    Companion {
        /// Which tensor, as [`Companion::name`](crate::Companion::name).
        companion: &'static str,
        /// `rows` or `columns`.
        what: &'static str,
        /// How many it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// Not one label a row.
    #[error("use {found} labels for {expected} rows: one a row is needed")]
    Labels {
        /// How many there are.
        found: usize,
        /// How many rows there are.
        expected: usize,
    },
    /// A sink beyond the last row.
    #[error("use position {position} as a sink: the tensor has {rows} positions, from 0")]
    Sink {
        /// The position as given.
        position: usize,
        /// How many rows there are.
        rows: usize,
    },
    /// A name that is neither an observable nor a family of them.
    #[error("find the observable {name:?}{}; known are {known}", hint(nearest))]
    Name {
        /// The name as given.
        name: String,
        /// The known name closest to it, if one is close.
        nearest: Option<String>,
        /// All families and observables.
        known: String,
    },
}

fn hint(nearest: &Option<String>) -> String {
    let hint = nearest
        .as_ref()
        .map(|name| format!(" (did you mean {name:?}?)"));
    hint.unwrap_or_default()
}
