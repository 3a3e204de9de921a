use serde::{Deserialize, Serialize};

use outcrop_core::{ArchSpec, Error as CoreError, reject_unknown_keys, sha256_hex};
use outcrop_schedule::Schedule;

use crate::data::{CorpusSpec, TokenizerSpec};
use crate::{Error, Result};

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

/// What a model learns from.
///
/// | field | default | range |
/// |---|---|---|
/// | `corpus` | `bigram-backcopy` | `bigram-backcopy`, `bigram-backcopy:SYMBOLS`, `crates`, `text:PATH` |
/// | `tokenizer` | `bytes` | `bytes`, `bpe:N`; not used by `bigram-backcopy` |
/// | `bos` | true | |
/// | `max_bytes` | 16 MiB | at least 1 |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataSpec {
    /// The corpus.
    pub corpus: CorpusSpec,
    /// How text becomes tokens.
    pub tokenizer: TokenizerSpec,
    /// Whether every sequence starts with one fixed token.
    pub bos: bool,
    /// Bytes of text that are read at most.
    pub max_bytes: u64,
}

impl Default for DataSpec {
    fn default() -> Self {
        Self {
            corpus: CorpusSpec::default(),
            tokenizer: TokenizerSpec::default(),
            bos: true,
            max_bytes: 16 << 20,
        }
    }
}

/// How a model learns: AdamW with warm-up and cosine.
///
/// | field | default | range |
/// |---|---|---|
/// | `steps` | 800 | 1 to 10^9 |
/// | `batch` | 16 | 1 to 65536 |
/// | `learning_rate` | 1e-3 | above 0, at most 1 |
/// | `final_share` | 0.1 | 0 to 1 |
/// | `warmup` | 50 | 0 to `steps` |
/// | `betas` | 0.9, 0.95 | each at least 0, below 1 |
/// | `eps` | 1e-8 | above 0, at most 1 |
/// | `weight_decay` | 0.1 | 0 to 100 |
/// | `clip` | 1.0 | above 0 (`inf` for none) |
/// | `seed` | 1 | below 2^63 |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrainSpec {
    /// Number of updates.
    pub steps: u64,
    /// Sequences per update.
    pub batch: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Learning rate at the end, as a share of the peak.
    pub final_share: f64,
    /// Updates of linear warm-up.
    pub warmup: u64,
    /// Decay rates of AdamW's moments.
    pub betas: [f64; 2],
    /// Added to AdamW's denominator.
    pub eps: f64,
    /// Decoupled weight decay of matrices and embeddings.
    pub weight_decay: f64,
    /// Largest global norm of the gradient.
    pub clip: f64,
    /// Seed of weights and batches.
    pub seed: u64,
}

impl Default for TrainSpec {
    fn default() -> Self {
        Self {
            steps: 800,
            batch: 16,
            learning_rate: 1e-3,
            final_share: 0.1,
            warmup: 50,
            betas: [0.9, 0.95],
            eps: 1e-8,
            weight_decay: 0.1,
            clip: 1.0,
            seed: 1,
        }
    }
}

/// At which steps a model is measured and saved, in the grammar of [`Schedule`]. The last step is
/// always saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScheduleSpec {
    /// Steps at which loss and hidden states are measured; default `0,geometric:1..last*40`.
    pub measure: String,
    /// Steps at which a checkpoint is written; default `last`.
    pub save: String,
}

impl Default for ScheduleSpec {
    fn default() -> Self {
        Self {
            measure: "0,geometric:1..last*40".into(),
            save: "last".into(),
        }
    }
}

/// On what a model is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MeasureSpec {
    /// Number of fixed held-out sequences; default 10 as in the paper, 1 to 10000.
    pub sequences: usize,
}

impl Default for MeasureSpec {
    fn default() -> Self {
        Self { sequences: 10 }
    }
}

const SECTIONS: [&str; 6] = ["model", "arch", "data", "train", "schedule", "measure"];
const DATA: [&str; 4] = ["corpus", "tokenizer", "bos", "max_bytes"];
const TRAIN: [&str; 10] = [
    "steps",
    "batch",
    "learning_rate",
    "final_share",
    "warmup",
    "betas",
    "eps",
    "weight_decay",
    "clip",
    "seed",
];

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
        let data: DataSpec = section(&table, "data", &DATA)?;
        let vocab = data.vocab();
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
            train: section(&table, "train", &TRAIN)?,
            schedule: section(&table, "schedule", &["measure", "save"])?,
            measure: section(&table, "measure", &["sequences"])?,
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
        let vocab = self.data.vocab();
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
    reject_unknown_keys(&context, fields.keys().map(String::as_str), keys)?;
    let read = value.clone().try_into();
    Ok(read.map_err(|e: toml::de::Error| CoreError::parse(context, e.message()))?)
}

impl DataSpec {
    /// Number of different tokens, BOS included.
    pub fn vocab(&self) -> usize {
        match (&self.corpus, self.tokenizer) {
            (CorpusSpec::BigramBackcopy { symbols }, _) => symbols + 1,
            (_, TokenizerSpec::Bytes) => 257,
            (_, TokenizerSpec::Bpe { vocab }) => vocab,
        }
    }
}

impl TrainSpec {
    fn check(&self) -> Result<()> {
        let require = |ok: bool, field: &str, value: &dyn ToString, allowed: &str| match ok {
            true => Ok(()),
            false => Err(CoreError::range(
                format!("train.{field}"),
                value.to_string(),
                allowed,
            )),
        };
        let within = |v: f64, low: f64, high: f64| v >= low && v <= high;
        let rate = self.learning_rate;
        require(
            (1..=1_000_000_000).contains(&self.steps),
            "steps",
            &self.steps,
            "1 to 10^9",
        )?;
        require(
            (1..=65_536).contains(&self.batch),
            "batch",
            &self.batch,
            "1 to 65536",
        )?;
        require(
            rate > 0.0 && rate <= 1.0,
            "learning_rate",
            &rate,
            "above 0, at most 1",
        )?;
        require(
            within(self.final_share, 0.0, 1.0),
            "final_share",
            &self.final_share,
            "0 to 1",
        )?;
        let allowed = format!("0 to train.steps = {}", self.steps);
        require(self.warmup <= self.steps, "warmup", &self.warmup, &allowed)?;
        for beta in self.betas {
            require(
                (0.0..1.0).contains(&beta),
                "betas",
                &beta,
                "at least 0, below 1",
            )?;
        }
        require(
            self.eps > 0.0 && self.eps <= 1.0,
            "eps",
            &self.eps,
            "above 0, at most 1",
        )?;
        let decay = self.weight_decay;
        require(
            within(decay, 0.0, 100.0),
            "weight_decay",
            &decay,
            "0 to 100",
        )?;
        require(
            self.clip > 0.0,
            "clip",
            &self.clip,
            "above 0, `inf` for none",
        )?;
        require(self.seed < 1 << 63, "seed", &self.seed, "below 2^63")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "model = 'm'\n[arch]\nlayers = 1\nd_model = 16\nheads = 2\n";

    #[test]
    fn a_resolved_spec_prints_back() {
        let spec = RunSpec::from_toml(SMALL).unwrap();
        assert_eq!(spec.arch.context, 128);
        assert_eq!(spec.arch.vocab, 65); // 64 symbols and BOS
        let again = RunSpec::from_toml(&spec.to_toml().unwrap()).unwrap();
        assert_eq!(again, spec);
        assert_eq!(again.sha256().unwrap(), spec.sha256().unwrap());
    }

    #[test]
    fn what_is_wrong_is_named_with_the_way_out() {
        for (line, parts) in [
            (
                "[train]\nlearning_rat = 1",
                vec!["learning_rat", "did you mean `learning_rate`"],
            ),
            (
                "[train]\nlearning_rate = 7.0",
                vec!["train.learning_rate", "7", "at most 1"],
            ),
            ("[train]\nsteps = 0", vec!["train.steps", "1 to 10^9"]),
            ("[train]\nbatch = -3", vec!["[train]"]),
            (
                "[train]\nsteps = 10\nwarmup = 11",
                vec!["train.warmup", "11"],
            ),
            (
                "[train]\nbetas = [0.9, 1.0]",
                vec!["train.betas", "below 1"],
            ),
            ("[data]\ncorpus = 'bigram-backcpy'", vec!["bigram-backcopy"]),
            (
                "[schedule]\nmeasure = '0,999999'",
                vec!["schedule.measure", "999999"],
            ),
            ("[measure]\nsequences = 0", vec!["measure.sequences"]),
            ("[trian]\nsteps = 1", vec!["trian", "did you mean `train`"]),
        ] {
            let error = RunSpec::from_toml(&format!("{SMALL}{line}"))
                .unwrap_err()
                .to_string();
            for part in parts {
                assert!(error.contains(part), "{line}: {error}");
            }
        }
        let small = SMALL.replace("heads = 2", "heads = 2\nvocab = 64");
        assert!(
            RunSpec::from_toml(&small)
                .unwrap_err()
                .to_string()
                .contains("arch.vocab")
        );
        let dots = SMALL.replace("'m'", "'../m'");
        assert!(RunSpec::from_toml(&dots).is_err());
    }
}
