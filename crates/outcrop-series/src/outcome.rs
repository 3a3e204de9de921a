use outcrop_checkpoint::{Audit, AuditOptions, KnownFault, Transfer};
use outcrop_core::{Measurement, Stage};
use outcrop_tokens::Sequences;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use outcrop_forward::{Engine, ObserveOptions};

use crate::Error;

/// How a series is measured.
#[derive(Clone, Debug)]
pub struct SeriesOptions {
    /// Name of the model in the tables.
    pub model: String,
    /// The stage of training in which the steps count, if their names have one, and where it begins.
    pub stage: Option<Stage>,
    /// Faults of the checkpoints that were reported, which the audit names.
    pub known: Vec<KnownFault>,
    /// A `config.json` in place of those of the checkpoints.
    pub config: Option<PathBuf>,
    /// Whether to measure attention sinks too.
    pub sinks: bool,
    /// Which observables to compute at the places of the forward pass.
    pub observe: ObserveOptions,
    /// What computes and measures in place of `outcrop-forward`, without sinks and observables.
    pub engine: Option<Arc<dyn Engine>>,
    /// Folders of single steps that other processes measured with the same settings: the rows of a step are taken from there
    /// where its weights are the same. What compares steps with one another is not in them.
    pub parts: BTreeMap<u64, PathBuf>,
    /// How to audit the series; not at all if none.
    pub audit: Option<AuditOptions>,
    /// Whether to measure steps again whose weights or config have changed.
    pub again: bool,
    /// Whether to measure missing or damaged parts of the tables again.
    pub repair: bool,
    /// The process that measures and since when: shown to a process that finds the folder locked.
    pub holder: String,
    /// Whether to measure checkpoints too whose files are not those that their `SHA256SUMS` lists.
    pub ignore_sums: bool,
    /// The step of a model alone that has none.
    pub step: u64,
    /// Git revision of the tool, for the provenance.
    pub git_revision: Option<String>,
}

impl SeriesOptions {
    /// A model of this name, audited, without attention sinks and observables.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            stage: None,
            known: Vec::new(),
            config: None,
            sinks: false,
            observe: ObserveOptions::default(),
            engine: None,
            parts: BTreeMap::new(),
            audit: Some(AuditOptions::default()),
            again: false,
            repair: false,
            holder: String::new(),
            ignore_sums: false,
            step: 0,
            git_revision: None,
        }
    }
}

/// What happens while a series is measured.
#[derive(Debug)]
#[non_exhaustive]
pub enum SeriesEvent<'a> {
    /// Starting a checkpoint; how many of the series are done.
    Started {
        /// Its step.
        step: u64,
        /// Checkpoints that are done.
        done: usize,
    },
    /// A file is being fetched.
    Fetched(&'a Transfer<'a>),
    /// The share of a checkpoint that is measured, 0 to 1.
    Advanced(f64),
    /// A checkpoint was measured.
    Measured {
        /// Its step.
        step: u64,
        /// Its rows.
        rows: &'a [Measurement],
    },
    /// Something that the user should know.
    Warning(String),
}

/// A checkpoint that could not be measured; the others were.
#[derive(Debug)]
pub struct SeriesFailure {
    /// Its step.
    pub step: u64,
    /// Why.
    pub error: Error,
}

/// The result of a series.
#[derive(Debug, Default)]
pub struct SeriesOutcome {
    /// Checkpoints measured now, and such as were in the tables before.
    pub measured: usize,
    /// Of these, how many were there before.
    pub before: usize,
    /// Those that could not be measured.
    pub failures: Vec<SeriesFailure>,
    /// The audit, if there was to be one.
    pub audit: Option<Audit>,
    /// Whether the user stopped it before the end.
    pub interrupted: bool,
}

/// The source of tokens, and whether a token was put before them.
pub fn tokens_in_words(tokens: &Sequences) -> String {
    let bos = tokens
        .bos
        .map_or("no BOS".into(), |id| format!("BOS {id} before each"));
    format!("{}, {bos}", tokens.source)
}

/// Where the first scalar that is not finite stands.
pub(crate) fn non_finite(rows: &[Measurement]) -> Option<String> {
    let layer = rows
        .iter()
        .filter(|row| row.stats.non_finite > 0)
        .map(|row| row.layer)
        .min()?;
    let row = rows
        .iter()
        .find(|row| row.layer == layer && row.stats.non_finite > 0)?;
    let place = row.stats.first_non_finite.map_or_else(String::new, |p| {
        format!(" (first at position {}, channel {})", p.position, p.channel)
    });
    Some(format!(
        "step {}, layer {}, sequence {}: {} of {} scalars are not finite{place}; \
         rows with any are marked suspect",
        row.step, row.layer, row.sequence, row.stats.non_finite, row.stats.count
    ))
}
