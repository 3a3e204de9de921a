mod data;
mod schedule;
#[cfg(test)]
mod tests;
mod train;

use std::path::PathBuf;

use outcrop_core::{ArchSpec, Error as CoreError, read_table, reject_unknown_keys, sha256_hex};
use outcrop_schedule::Schedule;
use serde::Serialize;

use crate::data::{CratesSource, Options};
use crate::{Error, Result};

pub use data::DataSpec;
pub use schedule::{MeasureSpec, ScheduleSpec};
pub use train::TrainSpec;

/// Everything that decides the bits of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunSpec {
    /// Name of the model, as it stands in tables.
    pub model: String,
    /// Its architecture; `vocab` follows from the data where it is not given.
    pub arch: ArchSpec,
    /// What it learns from.
    pub data: DataSpec,
    /// How it learns.
    pub train: TrainSpec,
    /// When it is measured and saved.
    pub schedule: ScheduleSpec,
    /// On what it is measured.
    pub measure: MeasureSpec,
}

const SECTIONS: [&str; 6] = ["model", "arch", "data", "train", "schedule", "measure"];

impl RunSpec {
    /// Reads and checks a spec in TOML.
    ///
    /// # Errors
    /// [`Error::Core`] for an unknown key (with the nearest known one), a missing or mistyped
    /// field, a value out of range or a corpus or tokenizer that does not exist,
    /// [`Error::Schedule`].
    pub fn from_toml(text: &str) -> Result<Self> {
        let table: toml::Table = text
            .parse()
            .map_err(|e: toml::de::Error| CoreError::parse("run spec", e))?;
        Self::from_table(table)
    }

    /// As [`RunSpec::from_toml`], from a parsed table.
    ///
    /// # Errors
    /// As [`RunSpec::from_toml`].
    pub fn from_table(mut table: toml::Table) -> Result<Self> {
        reject_unknown_keys("run spec", table.keys().map(String::as_str), &SECTIONS)?;
        let data: DataSpec = section(&table, "data", &data::KEYS)?;
        data.check()?;
        let vocab = data.tokens();
        let arch = table
            .get_mut("arch")
            .and_then(toml::Value::as_table_mut)
            .ok_or_else(|| CoreError::parse("run spec", "section [arch] is missing"))?;
        arch.entry("vocab").or_insert_with(|| (vocab as i64).into());
        arch.entry("context").or_insert_with(|| 128.into());
        let arch = ArchSpec::from_table(arch, "run spec, [arch]")?;
        let model = match table.get("model") {
            Some(toml::Value::String(name)) => name.clone(),
            _ => return Err(CoreError::parse("run spec", "`model` must be a name").into()),
        };
        let spec = Self {
            model,
            arch,
            data,
            train: section(&table, "train", &train::KEYS)?,
            schedule: section(&table, "schedule", &schedule::SCHEDULE_KEYS)?,
            measure: section(&table, "measure", &schedule::MEASURE_KEYS)?,
        };
        spec.check()?;
        Ok(spec)
    }

    /// The spec as TOML, every default written out.
    ///
    /// # Errors
    /// [`Error::Core`] for a number that TOML cannot hold.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|e| CoreError::parse("run spec", e).into())
    }

    /// SHA-256 of the resolved spec.
    ///
    /// # Errors
    /// As [`RunSpec::to_toml`].
    pub fn sha256(&self) -> Result<String> {
        Ok(sha256_hex(self.to_toml()?.as_bytes()))
    }

    /// The steps at which it is measured.
    ///
    /// # Errors
    /// [`Error::Schedule`].
    pub fn measured_at(&self) -> Result<Schedule> {
        let parsed = Schedule::parse(&self.schedule.measure, self.train.steps);
        parsed.map_err(|source| Error::Schedule {
            field: "measure",
            source,
        })
    }

    /// The steps at which a checkpoint is written, besides the last.
    ///
    /// # Errors
    /// [`Error::Schedule`].
    pub fn saved_at(&self) -> Result<Schedule> {
        let parsed = Schedule::parse(&self.schedule.save, self.train.steps);
        parsed.map_err(|source| Error::Schedule {
            field: "save",
            source,
        })
    }

    /// How its corpus is opened, with a folder for trained tokenizers and the place of the crates' sources.
    pub fn corpus_options(&self, cache: Option<PathBuf>, crates: Option<CratesSource>) -> Options {
        Options {
            seed: self.train.seed,
            context: self.arch.context,
            bos: self.data.bos,
            held_out: self.measure.sequences,
            cache,
            crates,
            max_bytes: self.data.max_bytes,
            text_field: self.data.text_field.clone(),
            tokens_type: self.data.tokens_type,
            vocab: self.data.vocab,
        }
    }

    /// Makes sure that every field is in its range.
    ///
    /// # Errors
    /// As [`RunSpec::from_toml`].
    pub fn check(&self) -> Result<()> {
        let name = &self.model;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
        if name.is_empty() || name.len() > 100 || !name.chars().all(plain) || name.starts_with('.')
        {
            let allowed = "1 to 100 letters, digits, `-`, `_`, `+` and `.`, not starting with `.`";
            return Err(CoreError::range("model", name, allowed).into());
        }
        self.arch.check()?;
        self.train.check()?;
        self.data.check()?;
        let vocab = self.data.tokens();
        if self.arch.vocab < vocab {
            let allowed = format!("at least the {vocab} tokens of {}", self.data.corpus);
            return Err(CoreError::range("arch.vocab", self.arch.vocab, allowed).into());
        }
        if !(1..=10_000).contains(&self.measure.sequences) {
            let value = self.measure.sequences;
            return Err(CoreError::range("measure.sequences", value, "1 to 10000").into());
        }
        self.measured_at()?;
        self.saved_at()?;
        Ok(())
    }
}

/// Reads one section; a section that is not there has its defaults.
fn section<T: Default + serde::de::DeserializeOwned>(
    table: &toml::Table,
    name: &str,
    keys: &[&str],
) -> Result<T> {
    let Some(value) = table.get(name) else {
        return Ok(T::default());
    };
    let context = format!("run spec, [{name}]");
    let Some(fields) = value.as_table() else {
        return Err(CoreError::parse(context, "expected a section").into());
    };
    Ok(read_table(&context, fields, keys)?)
}
