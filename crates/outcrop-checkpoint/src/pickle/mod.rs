//! The pickle inside a PyTorch checkpoint, read as data. A pickle is a program for a small stack
//! machine that may call any function of Python; this machine has nothing to call. It knows the few
//! names that tensors need and what trainers put beside them ([`names`]), refuses a pickle that calls
//! any other, and only notes which storage, offset, shape and strides each tensor has.

mod cursor;
mod distributed;
mod machine;
mod model;
mod names;
mod plain;
mod rebuild;
mod tensors;
mod value;

pub(crate) use distributed::{Chunk, Planned, plan, single};
pub(crate) use machine::Machine;
pub(crate) use model::{StateDict, find_model, is_never};
pub(crate) use plain::plain;
pub(crate) use tensors::{items, key_of, storages};

/// Why a pickle was refused.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It calls a name, such as `posix.system`, that no tensor needs.
    Global(String),
    /// It goes on beyond the bytes that there are.
    CutShort,
    /// Anything else, in words.
    Other(String),
}

impl Refusal {
    fn other(reason: impl Into<String>) -> Self {
        Self::Other(reason.into())
    }
}

type Result<T> = std::result::Result<T, Refusal>;

/// A tensor as the pickle describes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pickled {
    /// Its storage's name in the archive.
    pub(crate) key: String,
    /// Bytes that the storage is to have.
    pub(crate) storage_bytes: u64,
    pub(crate) dtype: crate::DType,
    /// Of its first element in the storage, in elements.
    pub(crate) offset: u64,
    pub(crate) shape: Vec<usize>,
    /// Elements from one index to the next, per dimension.
    pub(crate) strides: Vec<usize>,
}
