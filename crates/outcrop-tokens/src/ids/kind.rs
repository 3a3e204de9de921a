use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::dtype::DType;
use crate::Error;

/// The little-endian integers in which a file without a header may hold token ids.
///
/// ```
/// use outcrop_tokens::IdType;
///
/// assert_eq!("i32".parse::<IdType>()?, IdType::I32);
/// assert!("int16".parse::<IdType>().is_err());
/// # Ok::<(), outcrop_tokens::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdType {
    /// 16 bits, as nanoGPT writes them.
    U16,
    /// 32 bits.
    U32,
    /// 32 bits with a sign.
    I32,
    /// 64 bits with a sign, as NumPy and PyTorch have them by default.
    I64,
}

impl IdType {
    /// The types by name, which is also the ending of a file of theirs.
    pub const ALL: [(&'static str, Self); 4] = [
        ("u16", Self::U16),
        ("u32", Self::U32),
        ("i32", Self::I32),
        ("i64", Self::I64),
    ];

    pub(super) fn dtype(self) -> DType {
        match self {
            Self::U16 => DType::U16,
            Self::U32 => DType::U32,
            Self::I32 => DType::I32,
            Self::I64 => DType::I64,
        }
    }
}

impl FromStr for IdType {
    type Err = Error;

    /// # Errors
    /// [`outcrop_core::Error::OutOfRange`] with all names.
    fn from_str(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, kind)| *kind).ok_or_else(|| {
            let names = Self::ALL.map(|(known, _)| known).join(", ");
            outcrop_core::Error::range("tokens_type", name, names).into()
        })
    }
}

impl fmt::Display for IdType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, kind)| kind == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}
