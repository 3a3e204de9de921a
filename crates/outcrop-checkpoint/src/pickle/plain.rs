//! Numbers, texts, lists and dicts of these in a pickle, as JSON: what trainers say beside weights.

use serde_json::{Map, Value as Json};

use super::machine::Machine;
use super::model::is_never;
use super::names::Class;
use super::tensors::{members, text};
use super::value::{Id, Value};

/// Dicts and lists in others that are looked into.
const DEPTH: usize = 4;
/// Values that are taken.
const MOST: usize = 20_000;
/// Members of a list that are taken.
const LONGEST: usize = 1024;

/// What a value says without its tensors, and without optimisers; null where it says nothing.
pub(crate) fn plain(machine: &Machine<'_>, root: Id) -> Json {
    Reader {
        machine,
        room: MOST,
    }
    .value(root, DEPTH)
    .unwrap_or_default()
}

struct Reader<'a> {
    machine: &'a Machine<'a>,
    room: usize,
}

impl Reader<'_> {
    fn value(&mut self, id: Id, depth: usize) -> Option<Json> {
        self.room = self.room.checked_sub(1)?;
        match self.machine.value(id) {
            Value::None => Some(Json::Null),
            Value::Bool(value) => Some((*value).into()),
            Value::Int(value) => Some((*value).into()),
            Value::Float(value) => Some((*value).into()),
            Value::Text(value) => Some(value.as_str().into()),
            Value::List(items) | Value::Tuple(items) if depth > 0 && items.len() <= LONGEST => {
                let items = items.iter().filter_map(|id| self.value(*id, depth - 1));
                Some(Json::Array(items.collect()))
            }
            Value::Dict(_) if depth > 0 => Some(self.dict(id, depth - 1)),
            Value::Object(Class::Arguments, Some(state)) if depth > 0 => {
                Some(self.dict(*state, depth - 1))
            }
            _ => None,
        }
    }

    fn dict(&mut self, id: Id, depth: usize) -> Json {
        let mut object = Map::new();
        for &(key, value) in members(self.machine, id) {
            let Some(name) = text(self.machine, key).filter(|name| !is_never(name)) else {
                continue;
            };
            if self.room == 0 {
                break;
            }
            if let Some(value) = self.value(value, depth) {
                object.insert(name.to_owned(), value);
            }
        }
        Json::Object(object)
    }
}
