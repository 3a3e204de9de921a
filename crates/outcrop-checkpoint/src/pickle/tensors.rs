//! The tensors of a dict in a pickle, and their storages.

use std::collections::{HashMap, HashSet};

use super::machine::Machine;
use super::value::{Id, Tensor, Value};
use super::{Pickled, Refusal, Result};

/// The members of a dict; none for other objects.
pub(super) fn members<'a>(machine: &'a Machine<'_>, id: Id) -> &'a [(Id, Id)] {
    match machine.value(id) {
        Value::Dict(members) => members,
        _ => &[],
    }
}

pub(super) fn text<'a>(machine: &'a Machine<'_>, id: Id) -> Option<&'a str> {
    match machine.value(id) {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// The tensors among a dict's members.
pub(super) fn tensors(machine: &Machine<'_>, dict: Id) -> Result<Vec<(String, Pickled)>> {
    let mut names = HashSet::new();
    let mut found = Vec::new();
    let mut extents = 0;
    for &(key, id) in members(machine, dict) {
        let (Value::Tensor(_) | Value::Odd(_)) = machine.value(id) else {
            continue;
        };
        let no_text = || Refusal::other("a tensor's name is no text");
        let name = text(machine, key).ok_or_else(no_text)?;
        let tensor = match machine.value(id) {
            Value::Tensor(tensor) => tensor,
            Value::Odd(kind) => {
                let reason = format!("tensor `{name}` is {kind}, which is not read");
                return Err(Refusal::Other(reason));
            }
            _ => continue,
        };
        if !names.insert(name) {
            return Err(Refusal::Other(format!("tensor `{name}` is listed twice")));
        }
        // A tensor is copied for each of its names, which few bytes repeat.
        extents += 2 * tensor.shape.len();
        if extents > machine.bytes() {
            return Err(Refusal::other("it names its tensors too often"));
        }
        found.push((name.to_owned(), pickled(machine, tensor)?));
    }
    Ok(found)
}

/// A tensor as its file describes it.
pub(super) fn pickled(machine: &Machine<'_>, tensor: &Tensor) -> Result<Pickled> {
    Ok(Pickled {
        key: key_of(machine, tensor.storage.key)?,
        storage_bytes: tensor.storage.bytes,
        dtype: tensor.dtype,
        offset: tensor.offset,
        shape: tensor.shape.clone(),
        strides: tensor.strides.clone(),
    })
}

/// The key of a storage as text.
pub(crate) fn key_of(machine: &Machine<'_>, key: Id) -> Result<String> {
    match machine.value(key) {
        Value::Text(key) => Ok(key.clone()),
        Value::Int(key) => Ok(key.to_string()),
        _ => Err(Refusal::other("a storage's key is neither text nor number")),
    }
}

/// The storages that a pickle names, by key: their bytes, and the bytes of an element.
pub(crate) fn storages(machine: &Machine<'_>) -> Result<HashMap<String, (u64, u64)>> {
    let mut found = HashMap::new();
    for value in machine.all() {
        if let Value::Storage(storage) = value {
            let size = storage.dtype.map_or(1, crate::DType::size) as u64;
            let key = key_of(machine, storage.key)?;
            found.entry(key).or_insert((storage.bytes, size));
        }
    }
    Ok(found)
}

/// The items of a list.
pub(crate) fn items<'a>(machine: &'a Machine<'_>, list: Id) -> Result<&'a [Id]> {
    match machine.value(list) {
        Value::List(items) => Ok(items),
        _ => Err(Refusal::other("its storages are no list")),
    }
}
