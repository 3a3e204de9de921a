use std::error::Error as StdError;
use std::path::{Path, PathBuf};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with specs, tables and files. Each message completes "failed to ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// The attempted operation, such as `read` or `write`.
        action: &'static str,
        /// The file or folder at fault.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A pointer of Git LFS where a file should be.
    #[error(
        "read {}: it is a Git LFS pointer: run git lfs pull where it was cloned, which fetches {stands_for} that it \
         stands for",
        path.display()
    )]
    LfsPointer {
        /// The file at fault.
        path: PathBuf,
        /// The file that it stands for, in words: its size if the pointer has it.
        stands_for: String,
    },
    /// A key that no field has.
    #[error(
        "read {context}: unknown key `{key}`{}; known keys: {known}",
        hint(nearest)
    )]
    UnknownKey {
        /// The file or table in which it stands.
        context: String,
        /// The key at fault.
        key: String,
        /// The known key closest to it, if one is close.
        nearest: Option<String>,
        /// Every known key, in order.
        known: String,
    },
    /// A value outside its range.
    #[error("accept {field} = {value}: allowed is {allowed}")]
    OutOfRange {
        /// The field at fault, with its table, such as `arch.heads`.
        field: String,
        /// Its value as given.
        value: String,
        /// The allowed values, in words.
        allowed: String,
    },
    /// A field that is of another type than it should be, or misses a part.
    #[error("parse {context}: `{key}`: {reason}")]
    Field {
        /// The file or table in which it stands.
        context: String,
        /// The field at fault, within its table.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An error of a key, with the place of the key.
    #[error("read {place}: failed to {source}")]
    At {
        /// File and line, or the argument of the command line.
        place: String,
        /// What is wrong there.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Text that is no TOML, JSON or CSV of the expected form.
    #[error("parse {context}: {reason}")]
    Parse {
        /// The file or text at fault.
        context: String,
        /// Where and why.
        reason: String,
    },
    /// A table without a required column.
    #[error(
        "read {context}: column `{column}` is missing{}; the header is `{header}`",
        hint(nearest)
    )]
    MissingColumn {
        /// The file at fault.
        context: String,
        /// The required column.
        column: String,
        /// A column of the header that may be a misspelling of it.
        nearest: Option<String>,
        /// The header as in the file.
        header: String,
    },
    /// Two rows of a table about the same that contradict each other.
    #[error(
        "read {context}: {what} is given twice, in lines {} and {}, with different values; it is unknown which \
         is right: remove one of them from the table",
        lines[0], lines[1]
    )]
    Twice {
        /// The file at fault.
        context: String,
        /// What both are about, such as `model m, step 8`.
        what: String,
        /// Where they stand; with the file, where they are of two.
        lines: [String; 2],
    },
    /// Trajectories of several stages of one run, which cannot be taken together as they are.
    #[error("take the stages of model {model}: {reason}; {way_out}")]
    Stages {
        /// The model.
        model: String,
        /// Why not, with the stages that there are.
        reason: String,
        /// What the user can do.
        way_out: String,
    },
    /// A table that does not begin with the bytes that were written to it.
    #[error("resume {}: {reason}", path.display())]
    Altered {
        /// The table.
        path: PathBuf,
        /// What is missing or differs, in words.
        reason: String,
    },
    /// A folder on which another process works.
    #[error(
        "use {}: {} works on it; wait until it is done, or choose another folder",
        folder.display(),
        if holder.is_empty() { "another process" } else { holder }
    )]
    Locked {
        /// The folder.
        folder: PathBuf,
        /// The holder and since when; empty if that cannot be read.
        holder: String,
    },
    /// An architecture, or what describes one.
    #[cfg(feature = "arch")]
    #[error(transparent)]
    Arch(#[from] outcrop_arch::Error),
}

fn hint(nearest: &Option<String>) -> String {
    nearest
        .as_ref()
        .map(|n| format!(" (did you mean `{n}`?)"))
        .unwrap_or_default()
}

impl Error {
    /// An [`Error::Io`] of `action` on `path`.
    pub fn io(action: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        match Unwritten::find(&source) {
            Some(unwritten) => unwritten,
            None => Self::Io {
                action,
                path: path.into(),
                source,
            },
        }
    }

    /// What kept a row of a table from being written: its file, where that is known, or the row.
    #[cfg(feature = "tables")]
    pub(crate) fn unwritten(reason: &(dyn StdError + 'static)) -> Self {
        Unwritten::find(reason).unwrap_or_else(|| Self::parse("table to write", reason))
    }

    /// An [`Error::OutOfRange`] of `field`.
    pub fn range(
        field: impl Into<String>,
        value: impl ToString,
        allowed: impl Into<String>,
    ) -> Self {
        Self::OutOfRange {
            field: field.into(),
            value: value.to_string(),
            allowed: allowed.into(),
        }
    }

    /// An [`Error::Twice`] of `context`.
    #[cfg(feature = "tables")]
    pub(crate) fn twice(
        context: impl Into<String>,
        what: impl Into<String>,
        lines: [impl ToString; 2],
    ) -> Self {
        Self::Twice {
            context: context.into(),
            what: what.into(),
            lines: lines.map(|line| line.to_string()),
        }
    }

    /// The key or field at fault, where it is one.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::UnknownKey { key, .. } | Self::Field { key, .. } => Some(key),
            Self::OutOfRange { field, .. } => Some(field),
            #[cfg(feature = "arch")]
            Self::Arch(error) => error.field(),
            _ => None,
        }
    }

    /// An [`Error::Parse`] of `context`.
    pub fn parse(context: impl Into<String>, reason: impl ToString) -> Self {
        Self::Parse {
            context: context.into(),
            reason: reason.to_string(),
        }
    }
}

/// A failed write with its file, which comes through the libraries that write in between.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub(crate) struct Unwritten {
    path: PathBuf,
    source: std::io::Error,
}

impl Unwritten {
    /// `source` with the file that was written.
    pub(crate) fn of(path: &Path, source: std::io::Error) -> std::io::Error {
        if source.kind() == std::io::ErrorKind::Interrupted {
            return source; // is tried again
        }
        let path = path.to_owned();
        std::io::Error::new(source.kind(), Self { path, source })
    }

    /// The [`Error::Io`] in `error` or its sources.
    fn find(error: &(dyn StdError + 'static)) -> Option<Error> {
        let mut below = Some(error);
        while let Some(error) = below {
            let io = error.downcast_ref::<std::io::Error>();
            if let Some(found) = io.and_then(|io| io.get_ref()?.downcast_ref::<Self>()) {
                return Some(Error::Io {
                    action: "write",
                    path: found.path.clone(),
                    source: again(&found.source),
                });
            }
            below = below_csv(error).or_else(|| error.source());
        }
        None
    }
}

/// What csv does not call the source of its errors.
#[cfg(feature = "tables")]
fn below_csv<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e (dyn StdError + 'static)> {
    match error.downcast_ref::<csv::Error>()?.kind() {
        csv::ErrorKind::Io(io) => Some(io),
        _ => None,
    }
}

#[cfg(not(feature = "tables"))]
fn below_csv<'e>(_: &'e (dyn StdError + 'static)) -> Option<&'e (dyn StdError + 'static)> {
    None
}

/// The same error once more.
fn again(error: &std::io::Error) -> std::io::Error {
    match error.raw_os_error() {
        Some(code) => std::io::Error::from_raw_os_error(code),
        None => std::io::Error::new(error.kind(), error.to_string()),
    }
}
