//! The results of the calls that PyTorch writes.

use super::machine::{IGNORED, Machine};
use super::names::Global;
use super::value::{Id, Storage, Tensor, Value};
use super::{Refusal, Result};
use crate::DType;

/// Dimensions that a tensor may have; PyTorch's own limit.
const MAX_RANK: usize = 64;
/// What a tensor is that was saved as such a view.
const CHANGED: &str = "stored negated or conjugated";
/// Bytes that the key of a storage may have; PyTorch numbers them.
const MAX_KEY: usize = 64;

impl Machine<'_> {
    pub(super) fn call(&mut self, function: Id, arguments: Id) -> Result<Id> {
        let global = self.function(function)?;
        let arguments = self.tuple(arguments, "an argument list")?;
        match (global, arguments) {
            (Global::Inert, _) => Ok(IGNORED),
            (Global::Class(class), _) => self.add(Value::Object(class, None)),
            (Global::Odd(kind), _) => self.add(Value::Odd(kind)),
            (Global::Dict, []) => self.add(Value::Dict(Vec::new())),
            (Global::Dict, &[first, ..]) => self.dict(first),
            (Global::Size, &[sizes]) => self.tuple(sizes, "a size").map(|_| sizes),
            (Global::RebuildParameter, &[data, ..]) => match self.value(data) {
                Value::Tensor(_) | Value::Odd(_) => Ok(data),
                _ => Err(Refusal::other(
                    "a parameter is made of something that is not a tensor",
                )),
            },
            (Global::RebuildFromType, &[function, class, arguments, _]) => {
                self.of_class(function, class, arguments)
            }
            (Global::RebuildTensor, &[storage, offset, shape, strides, ref more @ ..]) => {
                match is_plain(&self.values(more.get(2..).unwrap_or_default())) {
                    true => self.tensor(storage, offset, [shape, strides], None),
                    false => self.add(Value::Odd(CHANGED)),
                }
            }
            (
                Global::RebuildTensorTyped,
                &[storage, offset, shape, strides, _, _, dtype, ref more @ ..],
            ) => {
                if !is_plain(&self.values(more)) {
                    return self.add(Value::Odd(CHANGED));
                }
                let &Value::Global(Global::DType(dtype)) = self.value(dtype) else {
                    return Err(Refusal::other("a tensor's dtype is none"));
                };
                self.tensor(storage, offset, [shape, strides], Some(dtype))
            }
            _ => Err(Refusal::Other(format!(
                "its pickle calls {global:?} with {} arguments",
                arguments.len()
            ))),
        }
    }

    fn function(&self, id: Id) -> Result<Global> {
        match *self.value(id) {
            Value::Global(global) => Ok(global),
            Value::Unknown(module, name) => match (self.value(module), self.value(name)) {
                (Value::Text(module), Value::Text(name)) => {
                    Err(Refusal::Global(format!("{module}.{name}")))
                }
                _ => Err(Refusal::other("its pickle calls what has no name")),
            },
            _ => Err(Refusal::other(
                "its pickle calls something that is not a function",
            )),
        }
    }

    /// A tensor of a class, rebuilt by `function`; only the classes of plain tensors are taken.
    fn of_class(&mut self, function: Id, class: Id, arguments: Id) -> Result<Id> {
        let class = self.function(class)?;
        let rebuilds = matches!(
            self.function(function)?,
            Global::RebuildTensor
                | Global::RebuildTensorTyped
                | Global::RebuildParameter
                | Global::Odd(_)
        );
        match (class, rebuilds) {
            (Global::TensorClass | Global::RebuildParameter, true) => {
                self.call(function, arguments)
            }
            _ => Err(Refusal::other(
                "a tensor is rebuilt as something that is not a tensor",
            )),
        }
    }

    /// A dict from what its class is called with: a list of pairs (as Python 2 wrote it), a dict, or
    /// the factory of values that are not there.
    fn dict(&mut self, from: Id) -> Result<Id> {
        let pairs = match self.value(from) {
            Value::List(pairs) | Value::Tuple(pairs) => pairs,
            Value::Dict(_) => return Ok(from),
            Value::None | Value::Global(_) | Value::Unknown(..) => {
                return self.add(Value::Dict(Vec::new()));
            }
            _ => {
                return Err(Refusal::other(
                    "a dict is made of something that is not a list",
                ));
            }
        };
        let pair = |id: &Id| match self.value(*id) {
            Value::List(pair) | Value::Tuple(pair) if pair.len() == 2 => Ok((pair[0], pair[1])),
            _ => Err(Refusal::other("a dict is made of what are no pairs")),
        };
        let charged = pairs.len();
        let members = pairs.iter().map(pair).collect::<Result<_>>()?;
        self.charge(charged)?;
        self.add(Value::Dict(members))
    }

    fn tensor(
        &mut self,
        storage: Id,
        offset: Id,
        extents: [Id; 2],
        dtype: Option<DType>,
    ) -> Result<Id> {
        let &Value::Storage(storage) = self.value(storage) else {
            return Err(Refusal::other(
                "a tensor is made of something that is not a storage",
            ));
        };
        let untyped = || Refusal::other("a tensor of untyped storage has no dtype");
        let dtype = dtype.or(storage.dtype).ok_or_else(untyped)?;
        let offset = self.size(offset, "a storage offset")?;
        let [shape, strides] = extents.map(|id| self.sizes(id));
        let (shape, strides) = (shape?, strides?);
        if shape.len() != strides.len() {
            let reason = format!("a tensor has the shape {shape:?} and the strides {strides:?}");
            return Err(Refusal::Other(reason));
        }
        self.charge(2 * shape.len())?;
        self.add(Value::Tensor(Tensor {
            storage,
            dtype,
            offset,
            shape,
            strides,
        }))
    }

    fn sizes(&self, id: Id) -> Result<Vec<usize>> {
        let ids = self.tuple(id, "a shape")?;
        if ids.len() > MAX_RANK {
            let reason = format!("a tensor has {} dimensions", ids.len());
            return Err(Refusal::Other(reason));
        }
        let size = |id: &Id| self.size(*id, "a shape").map(|n| n as usize);
        ids.iter().map(size).collect()
    }

    fn size(&self, id: Id, what: &str) -> Result<u64> {
        match *self.value(id) {
            Value::Int(n) if n >= 0 => Ok(n as u64),
            Value::Int(n) => Err(Refusal::Other(format!("{what} is negative: {n}"))),
            _ => Err(Refusal::Other(format!("{what} is no number"))),
        }
    }

    /// The storage of a persistent id: `('storage', type, key, location, elements)`, and in files of
    /// before PyTorch 1.6 the storage of which it is a view, or `None`. PyTorch's keys are texts,
    /// those of litgpt are numbers.
    pub(super) fn storage(&self, id: Id) -> Result<Value> {
        let parts = self.tuple(id, "a persistent id")?;
        let &[tag, kind, key, _, elements, ref view @ ..] = parts else {
            return Err(Refusal::other("a persistent id has not five parts"));
        };
        let known = match (self.value(tag), self.value(key)) {
            (Value::Text(tag), Value::Text(key)) => tag == "storage" && key.len() <= MAX_KEY,
            (Value::Text(tag), Value::Int(_)) => tag == "storage",
            _ => false,
        };
        if !known {
            return Err(Refusal::other("a persistent id is that of no storage"));
        }
        if !matches!(self.values(view)[..], [] | [Value::None]) {
            return Err(Refusal::other("a storage is a view of another"));
        }
        let &Value::Global(Global::Storage(dtype)) = self.value(kind) else {
            return Err(Refusal::other("a persistent id has no storage type"));
        };
        let elements = self.size(elements, "a storage's length")?;
        let bytes = elements.checked_mul(dtype.map_or(1, DType::size) as u64);
        let bytes = bytes.ok_or_else(|| Refusal::other("a storage's length overflows"))?;
        Ok(Value::Storage(Storage { key, dtype, bytes }))
    }
}

/// Whether nothing changes a tensor's values after it is made, as `{"neg": True}` does.
fn is_plain(metadata: &[&Value]) -> bool {
    metadata.iter().all(|m| match m {
        Value::None => true,
        Value::Dict(members) => members.is_empty(),
        _ => false,
    })
}
