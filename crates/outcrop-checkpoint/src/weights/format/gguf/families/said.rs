//! What the metadata of a file say.

use serde_json::{Map, Value};

use super::super::header::{Header, Info};
use super::{Known, Result};

/// The metadata of a family, each of which has to be read.
pub(super) struct Said<'a> {
    pub(super) known: &'static Known,
    pub(super) header: &'a Header,
    /// What was asked for.
    read: Vec<&'static str>,
}

impl<'a> Said<'a> {
    pub(super) fn new(known: &'static Known, header: &'a Header) -> Self {
        Self {
            known,
            header,
            read: Vec::new(),
        }
    }

    pub(super) fn get(&mut self, key: &'static str) -> Option<&'a Value> {
        self.read.push(key);
        self.header
            .metadata
            .get(&format!("{}.{key}", self.known.name))
    }

    pub(super) fn missing(&self, key: &str) -> String {
        format!("`{}.{key}` is missing", self.known.name)
    }

    pub(super) fn count(&mut self, key: &'static str) -> Result<usize> {
        let missing = self.missing(key);
        self.optional_count(key)?.ok_or(missing)
    }

    pub(super) fn count_or(&mut self, key: &'static str, default: usize) -> Result<usize> {
        Ok(self.optional_count(key)?.unwrap_or(default))
    }

    /// Blocks, each of which has tensors in the file: lists with an entry for each take no more memory than it does.
    pub(super) fn layers(&mut self) -> Result<usize> {
        let (layers, most) = (self.count("block_count")?, self.header.tensors.len());
        match layers <= most {
            true => Ok(layers),
            false => Err(format!(
                "`{}.block_count` = {layers}, and the file has {most} tensors",
                self.known.name
            )),
        }
    }

    /// A number of all layers, or of each where they are alike.
    pub(super) fn optional_count(&mut self, key: &'static str) -> Result<Option<usize>> {
        let Some(given) = self.get(key) else {
            return Ok(None);
        };
        let one = match given {
            Value::Array(of_layers) => {
                let first = of_layers.first();
                first.filter(|first| of_layers.iter().all(|other| other == *first))
            }
            other => Some(other),
        };
        let one = one
            .and_then(Value::as_u64)
            .and_then(|n| usize::try_from(n).ok());
        let name = self.known.name;
        let expected = || {
            format!("`{name}.{key}` = {given}, expected a whole number, the same for all layers")
        };
        one.map(Some).ok_or_else(expected)
    }

    pub(super) fn number(&mut self, key: &'static str, default: f64) -> Result<f64> {
        let name = self.known.name;
        match self.get(key) {
            None => Ok(default),
            Some(given) => given
                .as_f64()
                .ok_or_else(|| format!("`{name}.{key}` = {given}, expected a number")),
        }
    }

    /// Which of the `layers` have windows, in the words of transformers.
    pub(super) fn layer_types(
        &mut self,
        key: &'static str,
        layers: usize,
    ) -> Result<Vec<&'static str>> {
        let missing = self.missing(key);
        let kind = |windowed: &Value| match windowed.as_bool()? {
            true => Some("sliding_attention"),
            false => Some("full_attention"),
        };
        let given = self.get(key).ok_or(missing)?;
        let kinds: Option<Vec<_>> = given
            .as_array()
            .and_then(|all| all.iter().map(kind).collect());
        let name = self.known.name;
        kinds
            .filter(|kinds| kinds.len() == layers)
            .ok_or_else(|| format!("`{name}.{key}` = {given}, expected {layers} truth values"))
    }

    pub(super) fn tensor(&self, name: &str) -> Option<&'a Info> {
        self.header.tensors.iter().find(|info| info.name == name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.tensor(name).is_some()
    }

    pub(super) fn rows(&self, name: &str) -> Result<usize> {
        let rows = self.tensor(name).and_then(|info| info.shape.first());
        rows.copied()
            .ok_or_else(|| format!("tensor `{name}` is missing"))
    }

    /// Makes sure that nothing was passed over that may change what the model computes.
    pub(super) fn all_read(&self) -> Result<()> {
        let prefix = format!("{}.", self.known.name);
        let own = self
            .header
            .metadata
            .iter()
            .filter_map(|(key, value)| Some((key.strip_prefix(&prefix)?, value)));
        for (key, value) in own {
            if !self.read.contains(&key) && key != "vocab_size" {
                return Err(format!(
                    "`{prefix}{key}` = {value} is not known, and may change what the model computes"
                ));
            }
        }
        Ok(())
    }
}

/// Adds settings to a config.
pub(super) fn add(config: &mut Map<String, Value>, settings: Value) {
    if let Value::Object(settings) = settings {
        config.extend(settings);
    }
}
