//! The `.metadata` of a distributed checkpoint of PyTorch: which tensors there are, and which slice of which file
//! holds which box of them.

use super::machine::Machine;
use super::names::{Class, Global};
use super::tensors::{members, pickled, text};
use super::value::{Id, Value};
use super::{Pickled, Refusal, Result};
use crate::DType;

/// Dimensions that a tensor may have.
const MAX_RANK: usize = 64;

/// What a distributed checkpoint holds.
pub(crate) struct Plan {
    pub(crate) tensors: Vec<Planned>,
}

/// One tensor.
pub(crate) struct Planned {
    pub(crate) name: String,
    pub(crate) dtype: DType,
    pub(crate) shape: Vec<usize>,
    pub(crate) chunks: Vec<Chunk>,
}

/// A box of a tensor, and the slice of a file that holds it.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) offsets: Vec<usize>,
    pub(crate) shape: Vec<usize>,
    /// The name of the file, its first byte there and how many there are.
    pub(crate) file: String,
    pub(crate) at: u64,
    pub(crate) length: u64,
}

/// The plan in the `.metadata` whose value is `root`.
///
/// # Errors
/// Where it is none, or a box has no slice.
pub(crate) fn plan(machine: &Machine<'_>, root: Id) -> Result<Plan> {
    let Value::Object(Class::Metadata, Some(state)) = machine.value(root) else {
        return Err(Refusal::other(
            "it is no `Metadata` of a distributed checkpoint",
        ));
    };
    let of = Reader { machine };
    let mut slices = std::collections::HashMap::new();
    for &(index, info) in members(machine, of.attribute(*state, "storage_data")?) {
        let (
            Value::Object(Class::Index, Some(index)),
            Value::Object(Class::StorageInfo, Some(info)),
        ) = (machine.value(index), machine.value(info))
        else {
            return Err(Refusal::other(
                "its `storage_data` places what is no box of a tensor",
            ));
        };
        let name = of.text(of.attribute(*index, "fqn")?)?;
        // what is no tensor has none
        let offset = of.attribute(*index, "offset").ok();
        let offset = offset.filter(|id| !matches!(machine.value(*id), Value::None));
        let Some(offset) = offset else { continue };
        slices.insert((name, of.sizes(offset)?), *info);
    }
    let mut tensors = Vec::new();
    // A box is copied for each of its names, which few bytes repeat.
    let mut room = machine.bytes();
    for &(key, value) in members(machine, of.attribute(*state, "state_dict_metadata")?) {
        let Value::Object(Class::TensorMetadata, Some(state)) = machine.value(value) else {
            continue;
        };
        let name = of.text(key)?;
        let mut chunks = Vec::new();
        for chunk in of.list(of.attribute(*state, "chunks")?)? {
            let Value::Object(Class::Chunk, Some(state)) = machine.value(*chunk) else {
                return Err(Refusal::Other(format!(
                    "tensor `{name}` is made of what is no box"
                )));
            };
            room = room
                .checked_sub(1)
                .ok_or_else(|| Refusal::other("it names its boxes too often"))?;
            let offsets = of.sizes(of.attribute(*state, "offsets")?)?;
            let shape = of.sizes(of.attribute(*state, "sizes")?)?;
            let missing =
                || Refusal::Other(format!("tensor `{name}` lacks its box at {offsets:?}"));
            let info = *slices.get(&(name, offsets.clone())).ok_or_else(missing)?;
            if let Ok(changed) = of.attribute(info, "transform_descriptors")
                && !matches!(machine.value(changed), Value::None)
            {
                let reason = format!(
                    "tensor `{name}` is compressed, which is not read; save it without extensions"
                );
                return Err(Refusal::Other(reason));
            }
            chunks.push(Chunk {
                offsets,
                shape,
                file: of.text(of.attribute(info, "relative_path")?)?.to_owned(),
                at: of.number(of.attribute(info, "offset")?)?,
                length: of.number(of.attribute(info, "length")?)?,
            });
        }
        tensors.push(Planned {
            name: name.to_owned(),
            dtype: of.dtype(of.attribute(*state, "properties")?)?,
            shape: of.sizes(of.attribute(*state, "size")?)?,
            chunks,
        });
    }
    Ok(Plan { tensors })
}

/// The tensor that is all that a slice holds.
pub(crate) fn single(machine: &Machine<'_>, root: Id) -> Result<Pickled> {
    match machine.value(root) {
        Value::Tensor(tensor) => pickled(machine, tensor),
        _ => Err(Refusal::other("a slice holds no plain tensor")),
    }
}

struct Reader<'a> {
    machine: &'a Machine<'a>,
}

impl<'a> Reader<'a> {
    /// An attribute in the state of an object.
    fn attribute(&self, state: Id, name: &str) -> Result<Id> {
        let mut all = members(self.machine, state).iter();
        let found = all.find(|(key, _)| text(self.machine, *key) == Some(name));
        let missing = || Refusal::Other(format!("an object has no `{name}`"));
        found.map(|(_, value)| *value).ok_or_else(missing)
    }

    fn text(&self, id: Id) -> Result<&'a str> {
        text(self.machine, id).ok_or_else(|| Refusal::other("a name is no text"))
    }

    fn list(&self, id: Id) -> Result<&'a [Id]> {
        match self.machine.value(id) {
            Value::List(items) => Ok(items),
            _ => Err(Refusal::other("the boxes of a tensor are no list")),
        }
    }

    fn number(&self, id: Id) -> Result<u64> {
        match *self.machine.value(id) {
            Value::Int(n) if n >= 0 => Ok(n as u64),
            _ => Err(Refusal::other("a place or an extent is no number")),
        }
    }

    fn sizes(&self, id: Id) -> Result<Vec<usize>> {
        let ids = self.machine.tuple(id, "a shape")?;
        if ids.len() > MAX_RANK {
            return Err(Refusal::Other(format!(
                "a tensor has {} dimensions",
                ids.len()
            )));
        }
        ids.iter()
            .map(|id| self.number(*id).map(|n| n as usize))
            .collect()
    }

    /// The type among a tensor's properties: the first of a tuple, or an attribute in older versions.
    fn dtype(&self, properties: Id) -> Result<DType> {
        let Value::Object(Class::TensorProperties, Some(state)) = self.machine.value(properties)
        else {
            return Err(Refusal::other("a tensor has no properties"));
        };
        let dtype = match self.machine.value(*state) {
            Value::Tuple(all) => all.first().copied(),
            _ => self.attribute(*state, "dtype").ok(),
        };
        match dtype.map(|id| self.machine.value(id)) {
            Some(Value::Global(Global::DType(dtype))) => Ok(*dtype),
            _ => Err(Refusal::other("a tensor's dtype is none")),
        }
    }
}
