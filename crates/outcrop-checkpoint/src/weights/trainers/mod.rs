//! What trainers call the tensors of a model, and where they say its architecture, one trainer a file. Tensors
//! become those of transformers, or of Outcrop where transformers has no such model, under a `config.json` of either.

mod gpt2;
mod litgpt;
mod megatron;
mod meta;
mod mlx;
mod modded_nanogpt;
mod nanochat;
mod nanogpt;
mod olmo_core;
mod step;
mod yaml;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

pub(super) use self::gpt2::Gpt2;
pub(super) use self::step::step;
use super::stored::Stored;
use crate::near::{self, json};

type Result<T, E = String> = std::result::Result<T, E>;
pub(super) type Tensors = BTreeMap<String, Stored>;

/// A trainer: a row of [`TRAINERS`].
pub(super) struct Trainer {
    /// In messages.
    pub(super) name: &'static str,
    /// What its names mean; none where they are another's.
    read: fn(&Found<'_>) -> Result<Option<Model>>,
}

/// All trainers with names of their own; the first that knows them counts.
static TRAINERS: &[&Trainer] = &[
    &nanogpt::NANOGPT,
    &modded_nanogpt::MODDED_NANOGPT,
    &nanochat::NANOCHAT,
    &litgpt::LITGPT,
    &megatron::MEGATRON,
    &meta::META,
    &meta::TORCHTUNE,
    &olmo_core::OLMO_CORE,
    &mlx::MLX,
];

/// What was found.
pub(super) struct Found<'a> {
    pub(super) tensors: &'a Tensors,
    /// What stands beside the tensors in their files.
    pub(super) said: &'a Value,
    /// What was opened.
    pub(super) path: &'a Path,
    /// The first of their files, and its folder.
    pub(super) file: &'a Path,
    pub(super) folder: &'a Path,
}

impl Found<'_> {
    /// The `config.json` in the folder of the checkpoint or of its series.
    fn config(&self) -> Option<Value> {
        let path = near::config(self.path);
        // or above the folder of a distributed checkpoint in that of its step
        json(&path.or_else(|| near::config_of(self.folder))?)
    }

    /// That of transformers, which says what a trainer does not.
    fn config_of_transformers(&self) -> Option<Value> {
        self.config().filter(near::is_of_transformers)
    }
}

/// What it means.
pub(super) struct Model {
    pub(super) tensors: Tensors,
    /// The text of a `config.json`, or what is missing for it.
    pub(super) config: Result<String>,
}

/// Who saved what was found, and what it means; none where the names are those of the model itself.
///
/// # Errors
/// In words, where a trainer's names have tensors of other shapes than it makes.
pub(super) fn read(found: &Found<'_>) -> Result<Option<(&'static str, Model)>> {
    for trainer in TRAINERS {
        if let Some(model) = (trainer.read)(found)? {
            return Ok(Some((trainer.name, model)));
        }
    }
    Ok(None)
}

/// How modules are called, and how they are to be.
struct Names {
    /// Before the number of a block, there and here.
    blocks: [&'static str; 2],
    /// Modules outside of blocks.
    outside: &'static [(&'static str, &'static str)],
    /// Modules of blocks.
    inside: &'static [(&'static str, &'static str)],
    /// Ends of the names of what is no weight.
    buffers: &'static [&'static str],
}

/// A tensor of a block, or of none.
struct Named<'a> {
    /// As the trainer calls its module, and as it is to be called.
    from: &'a str,
    to: &'a str,
    in_block: bool,
}

impl Names {
    /// All tensors under their new names; `change` makes of one the tensors of modules in its place.
    fn all(
        &self,
        tensors: &Tensors,
        mut change: impl FnMut(&Named<'_>, &Stored) -> Result<Vec<(String, Stored)>>,
    ) -> Result<Tensors> {
        let mut all = Tensors::new();
        let others = tensors.iter().filter(|(name, _)| !self.is_buffer(name));
        for (name, stored) in others {
            let before = format!("{}.", self.blocks[0]);
            let (prefix, rest, modules) = match name
                .strip_prefix(&before)
                .and_then(|rest| rest.split_once('.'))
            {
                Some((number, rest)) => {
                    (format!("{}.{number}.", self.blocks[1]), rest, self.inside)
                }
                None => (String::new(), name.as_str(), self.outside),
            };
            let (from, part) = rest.rsplit_once('.').unwrap_or((rest, ""));
            let to = modules
                .iter()
                .find(|(known, _)| *known == from)
                .map(|(_, to)| *to);
            let to = to.ok_or_else(|| format!("tensor `{name}` is not known"))?;
            let named = Named {
                from,
                to,
                in_block: !prefix.is_empty(),
            };
            let made =
                change(&named, stored).map_err(|reason| format!("tensor `{name}` {reason}"))?;
            for (module, stored) in made {
                all.insert(format!("{prefix}{module}.{part}"), stored);
            }
        }
        Ok(all)
    }

    fn is_buffer(&self, name: &str) -> bool {
        self.buffers.iter().any(|buffer| name.ends_with(buffer))
    }
}

impl Named<'_> {
    /// The tensor under its new name.
    fn as_it_is(&self, stored: &Stored) -> Result<Vec<(String, Stored)>> {
        Ok(vec![(self.to.to_owned(), stored.clone())])
    }
}

/// Settings of a trainer, as JSON.
struct Settings<'a> {
    /// Where they stand, in words.
    of: &'a str,
    all: &'a Value,
}

impl Settings<'_> {
    fn get(&self, name: &str) -> Option<&Value> {
        self.all.get(name).filter(|value| !value.is_null())
    }

    fn count(&self, name: &str) -> Result<usize> {
        self.optional_count(name)?
            .ok_or_else(|| format!("{} says no `{name}`", self.of))
    }

    fn optional_count(&self, name: &str) -> Result<Option<usize>> {
        let whole = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok());
        let read = |value| whole(value).ok_or_else(|| self.mistyped(name, value, "a whole number"));
        self.get(name).map(read).transpose()
    }

    fn flag(&self, name: &str, default: bool) -> Result<bool> {
        let read = |value: &Value| {
            value
                .as_bool()
                .ok_or_else(|| self.mistyped(name, value, "true or false"))
        };
        self.get(name).map_or(Ok(default), read)
    }

    fn number(&self, name: &str, default: f64) -> Result<f64> {
        let read = |value: &Value| {
            value
                .as_f64()
                .ok_or_else(|| self.mistyped(name, value, "a number"))
        };
        self.get(name).map_or(Ok(default), read)
    }

    fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn mistyped(&self, name: &str, value: &Value, expected: &str) -> String {
        format!("{} says `{name}` = {value}, expected {expected}", self.of)
    }

    /// Makes sure that a setting computes nothing else.
    fn only(&self, name: &str, is: impl Fn(&Value) -> bool, allowed: &str) -> Result<()> {
        match self.get(name) {
            Some(value) if !is(value) => Err(format!(
                "{} says `{name}` = {value}; read is {allowed}",
                self.of
            )),
            _ => Ok(()),
        }
    }
}

/// Whether a value switches nothing on.
fn is_off(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false)) || *value == 0 || *value == 0.0
}
