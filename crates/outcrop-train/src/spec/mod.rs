mod data;
mod events;
mod rate_schedule;
mod schedule;
mod schema;
#[cfg(test)]
mod tests;
mod train;

use std::path::{Path, PathBuf};

use outcrop_arch::ArchSpec;
use outcrop_core::{
    Document, Error as CoreError, read_arch, read_table, reject_unknown_keys, sha256_hex,
};
use outcrop_schedule::Schedule;
use serde::Serialize;

use crate::data::{CorpusOptions, CratesSource};
use crate::{Error, Result};

pub use data::{DataSpec, LossTargets};
pub use events::EventSpec;
#[cfg(feature = "burn")]
pub(crate) use events::InForce;
pub use rate_schedule::RateSchedule;
pub use schedule::{MeasureSpec, ScheduleSpec};
pub use train::TrainSpec;

/// Everything that decides the bits of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunSpec {
    /// Name of the model in tables.
    pub model: String,
    /// Its architecture; `vocab` follows from the data where it is not given.
    pub arch: ArchSpec,
    /// Its training data.
    pub data: DataSpec,
    /// How it learns.
    pub train: TrainSpec,
    /// When it is measured and saved.
    pub schedule: ScheduleSpec,
    /// The sequences on which it is measured.
    pub measure: MeasureSpec,
    /// What changes in the middle of the run, in the order of steps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventSpec>,
}

const SECTIONS: [&str; 7] = [
    "model", "arch", "data", "train", "schedule", "measure", "events",
];

impl RunSpec {
    /// Reads and checks a spec in TOML.
    ///
    /// # Errors
    /// As [`RunSpec::from_document`].
    pub fn from_toml(text: &str) -> Result<Self> {
        Self::from_document(&Document::parse(text, "run spec")?)
    }

    /// As [`RunSpec::from_toml`], from a parsed table.
    ///
    /// # Errors
    /// As [`RunSpec::from_document`].
    pub fn from_table(table: toml::Table) -> Result<Self> {
        Self::from_document(&Document::of(table, "run spec"))
    }

    /// Reads and checks the spec in the file at `path`.
    ///
    /// # Errors
    /// As [`RunSpec::from_document`], and [`Error::Core`] where the file cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        Self::from_document(&Document::read(path)?)
    }

    /// Checks a spec. Every error has the place of the key at fault.
    ///
    /// # Errors
    /// [`Error::Core`] for an unknown key (with the nearest known one), a missing or mistyped
    /// field, a value out of range, a corpus or tokenizer that does not exist, or a schedule that
    /// cannot be read.
    pub fn from_document(document: &Document) -> Result<Self> {
        let located = |section: &str, error: Error| -> Error {
            let key = error.key().map(str::to_owned);
            document.locate(section, key.as_deref(), error).into()
        };
        let table = document.table();
        reject_unknown_keys("run spec", table.keys().map(String::as_str), &SECTIONS)
            .map_err(|e| located("", e.into()))?;
        let data: DataSpec = section(table, "data", &data::KEYS).map_err(|e| located("data", e))?;
        data.check().map_err(|e| located("data", e))?;
        let model = match table.get("model") {
            Some(toml::Value::String(name)) => name.clone(),
            _ => {
                let error = CoreError::parse("run spec", "`model` must be a name");
                return Err(located("model", error.into()));
            }
        };
        let spec = Self {
            model,
            arch: arch(table, data.tokens()).map_err(|e| located("arch", e))?,
            data,
            train: section::<TrainSpec>(table, "train", &train::KEYS)
                .map_err(|e| located("train", e))?
                .resolved(),
            schedule: section(table, "schedule", &schedule::SCHEDULE_KEYS)
                .map_err(|e| located("schedule", e))?,
            measure: section(table, "measure", &schedule::MEASURE_KEYS)
                .map_err(|e| located("measure", e))?,
            events: EventSpec::read(table, document)?,
        };
        spec.check().map_err(|e| located("", e))?;
        Ok(spec)
    }

    /// The spec as TOML, every default written out.
    ///
    /// # Errors
    /// [`Error::Core`] for a number that TOML cannot hold.
    pub fn to_toml(&self) -> Result<String> {
        let resolved = Self {
            train: self.train.resolved(),
            ..self.clone()
        };
        toml::to_string(&resolved).map_err(|e| CoreError::parse("run spec", e).into())
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
            field: "schedule.measure",
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
            field: "schedule.save",
            source,
        })
    }

    /// How its corpus is opened, with a folder for trained tokenizers and the place of the crates' sources.
    pub fn corpus_options(
        &self,
        cache: Option<PathBuf>,
        crates: Option<CratesSource>,
    ) -> CorpusOptions {
        CorpusOptions {
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

    /// Checks that every field is in its range.
    ///
    /// # Errors
    /// As [`RunSpec::from_document`], without the places.
    pub fn check(&self) -> Result<()> {
        check_model(&self.model)?;
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
        self.check_events()?;
        self.measure.observables()?;
        self.measured_at()?;
        self.saved_at()?;
        Ok(())
    }
}

/// Checks the name of a model.
pub(crate) fn check_model(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    if name.is_empty() || name.len() > 100 || !name.chars().all(plain) || name.starts_with('.') {
        let allowed = "1 to 100 letters, digits, `-`, `_`, `+` and `.`, not starting with `.`";
        return Err(CoreError::range("model", name, allowed).into());
    }
    Ok(())
}

/// Reads `[arch]`, whose `vocab` and `context` need not be given.
fn arch(table: &toml::Table, vocab: usize) -> Result<ArchSpec> {
    let arch = table.get("arch").and_then(toml::Value::as_table).cloned();
    let missing = || CoreError::parse("run spec", "section [arch] is missing");
    let mut arch = arch.ok_or_else(missing)?;
    arch.entry("vocab").or_insert_with(|| (vocab as i64).into());
    arch.entry("context").or_insert_with(|| 128.into());
    Ok(read_arch("run spec, [arch]", &arch)?)
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
