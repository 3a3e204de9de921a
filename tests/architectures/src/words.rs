use std::fmt;

use outcrop_arch::ArchSpec;
use serde_json::{Value, json};

use crate::steps::PUBLISHED;

/// One word that a switch may be: a word, `true` or `false`, or a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The keys that lead to it from the architecture.
    path: Vec<String>,
    value: Value,
}

/// A number, or a list of numbers, that an architecture has somewhere: the keys that lead to it.
type Place = Vec<String>;

/// Every word of every switch, as the schema has them.
pub fn words() -> Vec<Choice> {
    let mut found = Vec::new();
    walk(
        &outcrop_arch::schema(),
        &mut Vec::new(),
        &mut |path, schema| {
            let words = match schema["type"].as_str() {
                Some("boolean") => vec![json!(false), json!(true)],
                Some(_) | None => schema["enum"].as_array().cloned().unwrap_or_default(),
            };
            found.extend(words.into_iter().map(|value| Choice {
                path: path.to_vec(),
                value,
            }));
        },
    );
    found
}

/// Every place where an architecture has no word but a number, with the values that these have there.
pub fn numbers(of: &[&ArchSpec]) -> Vec<(String, Vec<Value>)> {
    let mut places: Vec<Place> = Vec::new();
    walk(
        &outcrop_arch::schema(),
        &mut Vec::new(),
        &mut |path, schema| {
            if schema["enum"].is_null() && schema["type"] != "boolean" {
                places.push(path.to_vec());
            }
        },
    );
    let values = |place: Place| {
        let mut values: Vec<Value> = Vec::new();
        for arch in of {
            let value = at(arch, &place);
            if !values.contains(&value) {
                values.push(value);
            }
        }
        (place.join("."), values)
    };
    places.into_iter().map(values).collect()
}

/// Visits what a schema has inside of its objects, with the keys that lead there.
fn walk(schema: &Value, path: &mut Place, visit: &mut impl FnMut(&[String], &Value)) {
    let Some(properties) = schema["properties"].as_object() else {
        return visit(path, schema);
    };
    let has_cases =
        |(key, _): &(&String, &Value)| !(path.is_empty() && PUBLISHED.contains(&key.as_str()));
    for (key, property) in properties.iter().filter(has_cases).collect::<Vec<_>>() {
        path.push(key.clone());
        walk(property, path, visit);
        path.pop();
    }
}

/// What stands at the end of a path, null where there is nothing.
fn at(arch: &ArchSpec, path: &[String]) -> Value {
    let whole = serde_json::to_value(arch).expect("an architecture is JSON");
    path.iter().fold(whole, |value, key| value[key].clone())
}

impl Choice {
    /// Whether the architecture has it; what is left out is false, or the default.
    pub fn is_in(&self, arch: &ArchSpec) -> bool {
        let found = at(arch, &self.path);
        let said = self
            .set_in(arch)
            .and_then(|said| serde_json::from_value(said).ok());
        let same =
            || self.value == json!(false) || said.is_some_and(|said: ArchSpec| said == *arch);
        found == self.value || (found.is_null() && same())
    }

    /// The architecture with this word; a kind without anything beside it. None where what it is a word of is not
    /// there.
    pub(crate) fn set_in(&self, arch: &ArchSpec) -> Option<Value> {
        let mut whole = serde_json::to_value(arch).ok()?;
        let (last, outer) = self.path.split_last()?;
        let outer = outer
            .iter()
            .try_fold(&mut whole, |value, key| value.get_mut(key))?;
        match last.as_str() {
            "kind" => *outer = json!({ "kind": self.value }),
            key => outer[key] = self.value.clone(),
        }
        Some(whole)
    }
}

impl fmt::Display for Choice {
    /// `norm = rms-norm`, `position.kind = none`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.join(".");
        match self.value.as_str() {
            Some(word) => write!(f, "{path} = {word}"),
            None => write!(f, "{path} = {}", self.value),
        }
    }
}
