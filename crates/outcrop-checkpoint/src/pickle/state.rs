use std::collections::HashSet;

use super::machine::Machine;
use super::value::{Id, Value};
use super::{Pickled, Refusal, Result};

/// The names under which training programs keep a state dict beside other things.
const WRAPPERS: [&str; 4] = ["state_dict", "model_state_dict", "model", "module"];

/// The tensors of the state dict that a pickle holds, by name, in its order. A dict without tensors
/// of its own may hold it under one of [`WRAPPERS`].
pub(crate) fn state_dict(pickle: &[u8]) -> Result<Vec<(String, Pickled)>> {
    let mut machine = Machine::new(pickle);
    let root = machine.run()?;
    if let Some(found) = tensors(&machine, root)? {
        return Ok(found);
    }
    for wrapper in WRAPPERS {
        if let Some(inner) = member(&machine, root, wrapper)
            && let Some(found) = tensors(&machine, inner)?
        {
            return Ok(found);
        }
    }
    Err(Refusal::Other(format!(
        "it holds no dict of tensors, nor one under {}",
        WRAPPERS.map(|w| format!("`{w}`")).join(", ")
    )))
}

fn members<'a>(machine: &'a Machine<'_>, id: Id) -> impl Iterator<Item = (&'a Value, Id)> {
    let members = match machine.value(id) {
        Value::Dict(members) => members.as_slice(),
        _ => &[],
    };
    members
        .iter()
        .map(|(key, value)| (machine.value(*key), *value))
}

fn member(machine: &Machine<'_>, dict: Id, name: &str) -> Option<Id> {
    let mut members = members(machine, dict);
    let found = members.find(|(key, _)| matches!(key, Value::Text(text) if text == name));
    found.map(|(_, id)| id)
}

/// The tensors among a dict's members; none if there are none.
fn tensors(machine: &Machine<'_>, dict: Id) -> Result<Option<Vec<(String, Pickled)>>> {
    let mut names = HashSet::new();
    let mut found = Vec::new();
    let mut extents = 0;
    for (key, id) in members(machine, dict) {
        let Value::Tensor(tensor) = machine.value(id) else {
            continue;
        };
        let Value::Text(name) = key else {
            return Err(Refusal::other("a tensor's name is no text"));
        };
        if !names.insert(name) {
            return Err(Refusal::Other(format!("tensor `{name}` stands twice")));
        }
        // A tensor is copied for each of its names, which few bytes repeat.
        extents += 2 * tensor.shape.len();
        if extents > machine.bytes() {
            return Err(Refusal::other("it names its tensors too often"));
        }
        let Value::Text(key) = machine.value(tensor.storage.key) else {
            return Err(Refusal::other("a storage's key is no text"));
        };
        let pickled = Pickled {
            key: key.clone(),
            storage_bytes: tensor.storage.bytes,
            dtype: tensor.dtype,
            offset: tensor.offset,
            shape: tensor.shape.clone(),
            strides: tensor.strides.clone(),
        };
        found.push((name.clone(), pickled));
    }
    Ok((!found.is_empty()).then_some(found))
}
