/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can be wrong with an architecture or with what describes one. Each message completes "failed to ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
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
    /// Text that is no JSON of the expected form.
    #[error("parse {context}: {reason}")]
    Parse {
        /// The file or text at fault.
        context: String,
        /// Where and why.
        reason: String,
    },
    /// A Hugging Face setting that would change the mathematics and is not supported.
    #[error("load {context}: `{field}` = {value} is not supported; supported is {supported}")]
    Unsupported {
        /// The file at fault.
        context: String,
        /// The setting.
        field: String,
        /// Its value.
        value: String,
        /// What can be loaded.
        supported: String,
    },
    /// A Hugging Face setting that no list knows, and that is not null.
    #[error(
        "load {context}: unknown setting `{field}` = {value}{}: it may change the mathematics; \
         take it out of the file if it does not",
        nearest.as_ref().map(|n| format!(" (did you mean `{n}`?)")).unwrap_or_default()
    )]
    UnknownSetting {
        /// The file at fault.
        context: String,
        /// The setting.
        field: String,
        /// Its value.
        value: String,
        /// The known setting closest to it, if one is close.
        nearest: Option<String>,
    },
    /// A weight that a family has no name for.
    #[error("name the weights of {role}: checkpoints of the {family} family have none")]
    Nameless {
        /// The family.
        family: String,
        /// The part that it has no name for.
        role: String,
    },
}

impl Error {
    /// The field at fault, where the error is about one of an [`ArchSpec`](crate::ArchSpec).
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::OutOfRange { field, .. } => Some(field),
            _ => None,
        }
    }

    pub(crate) fn range(
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

    pub(crate) fn parse(context: impl Into<String>, reason: impl ToString) -> Self {
        Self::Parse {
            context: context.into(),
            reason: reason.to_string(),
        }
    }
}
