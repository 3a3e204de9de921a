use super::names::{Class, Global};
use crate::DType;

/// The place of a value in the machine's arena. Values refer to each other by place, so that nothing
/// is copied when a pickle names a value again, and circles do no harm.
pub(super) type Id = u32;

#[derive(Debug)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Global(Global),
    /// A name that no tensor needs, as the texts of its module and of itself. It may stand there, as
    /// the factory of a `defaultdict` does; a pickle that calls it is refused.
    Unknown(Id, Id),
    Storage(Storage),
    Tensor(Tensor),
    /// An object of a class that is known, with the state that it was given.
    Object(Class, Option<Id>),
    /// A tensor that is not read, in a word: `sparse`.
    Odd(&'static str),
    /// Bytes, a long number, a set or an object that no tensor needs.
    Ignored,
}

/// A storage: bytes of the archive under a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Storage {
    /// A text or a number.
    pub(super) key: Id,
    /// None for bytes whose tensors say their type.
    pub(super) dtype: Option<DType>,
    pub(super) bytes: u64,
}

#[derive(Debug)]
pub(super) struct Tensor {
    pub(super) storage: Storage,
    pub(super) dtype: DType,
    pub(super) offset: u64,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}
