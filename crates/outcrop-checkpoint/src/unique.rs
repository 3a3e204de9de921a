//! JSON objects whose names must be distinct: a parser that keeps the last of two would read what
//! another reader does not.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// The name under which a safetensors header keeps its metadata.
pub(crate) const METADATA: &str = "__metadata__";

/// The members of an object in their order, its metadata apart.
pub(crate) struct Unique<T> {
    pub(crate) members: Vec<(String, T)>,
    pub(crate) metadata: BTreeMap<String, String>,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Unique<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Unique<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut members, mut metadata) = (Vec::new(), None);
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            let inside = |e| A::Error::custom(format!("`{name}`: {e}"));
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("`{name}` is listed twice")));
            }
            if name == METADATA {
                metadata = Some(map.next_value().map_err(inside)?);
            } else {
                let value = map.next_value().map_err(inside)?;
                members.push((name, value));
            }
        }
        let metadata = metadata.unwrap_or_default();
        Ok(Unique { members, metadata })
    }
}
