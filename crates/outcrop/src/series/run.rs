use std::sync::atomic::{AtomicBool, Ordering};

use outcrop_checkpoint::{
    Audit, AuditOptions, AuditedCheckpoint, Auditor, Checkpoint, CheckpointSeries, Transfer,
};
use outcrop_core::{ArchSpec, HeadSink, Measurement, NamedArch, Position, Provenance, sha256_hex};
use outcrop_forward::{Measured, Published, measure};
use outcrop_tokens::Sequences;

use super::folder::{Folder, State};
use super::{Source, model};
use crate::{Error, Result};

/// How a series is measured.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name of the model in the tables.
    pub model: String,
    /// Whether to measure attention sinks too.
    pub sinks: bool,
    /// How to audit the series; not at all if none.
    pub audit: Option<AuditOptions>,
    /// The step of a model alone that has none.
    pub step: u64,
    /// Git revision of the tool, for the provenance.
    pub git_revision: Option<String>,
}

/// What happens while a series is measured.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A checkpoint's turn has come; so many of the series are done.
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
pub struct Failure {
    /// Its step.
    pub step: u64,
    /// Why.
    pub error: Error,
}

/// What came of a series.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Checkpoints measured now, and such as were in the tables before.
    pub measured: usize,
    /// Of these, how many were there before.
    pub before: usize,
    /// Those that could not be measured.
    pub failures: Vec<Failure>,
    /// The audit, if there was to be one.
    pub audit: Option<Audit>,
    /// Whether the user stopped it before the end.
    pub interrupted: bool,
}

/// Measures every checkpoint of `source` that `folder` has not yet, one after another, on `tokens`, and
/// writes the tables. A checkpoint whose weight files are those of an earlier one to the byte gets its
/// rows. Once `stop` is set, no other checkpoint is begun.
///
/// # Errors
/// [`Error::OtherSeries`] before anything is done; [`Error::Core`] where a table cannot be written. A
/// checkpoint that cannot be measured is no error but a [`Failure`] of the outcome.
pub fn measure_series(
    source: &Source,
    tokens: &Sequences,
    folder: &Folder,
    options: &Options,
    stop: &AtomicBool,
    observer: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome> {
    let mut run = Run::open(source, tokens, folder, options)?;
    let steps = source.steps();
    for (place, step) in steps.iter().enumerate() {
        if stop.load(Ordering::Relaxed) {
            run.outcome.interrupted = true;
            break;
        }
        let step = step.unwrap_or(options.step);
        observer(Event::Started { step, done: place });
        if let Err(error) = run.visit(place, step, observer) {
            run.outcome.failures.push(Failure { step, error });
        }
    }
    run.name_what_was_passed_over();
    run.finish(observer)
}

struct Run<'a> {
    source: &'a Source,
    tokens: &'a Sequences,
    folder: &'a Folder,
    options: &'a Options,
    state: State,
    auditor: Option<Auditor>,
    /// Checkpoints that the audit has seen.
    seen: Vec<Checkpoint>,
    arch: Option<ArchSpec>,
    outcome: Outcome,
}

impl<'a> Run<'a> {
    fn open(
        source: &'a Source,
        tokens: &'a Sequences,
        folder: &'a Folder,
        options: &'a Options,
    ) -> Result<Self> {
        let state = folder.claim(&State {
            model: options.model.clone(),
            tokens_sha256: tokens.sha256.clone(),
            sinks: options.sinks,
            ..State::default()
        })?;
        let mut run = Self {
            source,
            tokens,
            folder,
            options,
            state,
            auditor: options.audit.as_ref().map(Auditor::new),
            seen: Vec::new(),
            arch: None,
            outcome: Outcome::default(),
        };
        run.recall();
        Ok(run)
    }

    /// Takes from an earlier audit what cannot be looked at again.
    fn recall(&mut self) {
        let Some(auditor) = self.auditor.as_mut().filter(|_| self.source.is_passing()) else {
            return;
        };
        for checkpoint in self.folder.audit().unwrap_or_default().checkpoints {
            let known = checkpoint
                .step
                .is_some_and(|s| self.state.steps.contains_key(&s));
            if known {
                self.seen.push(Checkpoint {
                    step: checkpoint.step,
                    folder: checkpoint.folder.clone(),
                    files: Vec::new(),
                });
                auditor.recall(checkpoint);
            }
        }
    }

    fn visit(
        &mut self,
        place: usize,
        step: u64,
        observer: &mut dyn FnMut(Event<'_>),
    ) -> Result<()> {
        let recalled = self.seen.iter().any(|entry| entry.step == Some(step));
        if self.state.steps.contains_key(&step) && (recalled || self.auditor.is_none()) {
            self.outcome.measured += 1;
            self.outcome.before += 1;
            return Ok(());
        }
        let source = self.source;
        let told = std::cell::RefCell::new(observer);
        source.with(
            place,
            &mut |transfer| (told.borrow_mut())(Event::Fetched(transfer)),
            |checkpoint| self.look(checkpoint, step, &mut |event| (told.borrow_mut())(event)),
        )
    }

    /// Audits one checkpoint, and measures it if it is not in the tables.
    fn look(
        &mut self,
        checkpoint: &Checkpoint,
        step: u64,
        observer: &mut dyn FnMut(Event<'_>),
    ) -> Result<()> {
        let hash = self.auditor.as_mut().and_then(|auditor| {
            self.seen.push(checkpoint.clone());
            content(auditor.scan(checkpoint))
        });
        if let Some(held) = self.state.steps.get(&step) {
            if held.is_some() && hash.is_some() && *held != hash {
                return Err(Error::OtherSeries {
                    path: self.folder.path().to_owned(),
                    reason: format!("step {step} was measured from other weights"),
                });
            }
            self.outcome.measured += 1;
            self.outcome.before += 1;
            return Ok(());
        }
        let (rows, heads) = match self.copied(step, hash.as_deref())? {
            Some(copied) => copied,
            None => self.measure(checkpoint, step, observer)?,
        };
        self.folder.append(&rows, &heads)?;
        self.state.steps.insert(step, hash);
        self.folder.set_state(&self.state)?;
        if let Some(auditor) = self.auditor.as_ref().filter(|_| self.source.is_passing()) {
            self.folder.write_audit(auditor.so_far())?;
        }
        self.outcome.measured += 1;
        observer(Event::Measured { step, rows: &rows });
        Ok(())
    }

    /// The rows of a step that has the same weight files.
    fn copied(
        &self,
        step: u64,
        hash: Option<&str>,
    ) -> Result<Option<(Vec<Measurement>, Vec<HeadSink>)>> {
        let alike = |held: &Option<String>| held.is_some() && held.as_deref() == hash;
        let Some((earlier, _)) = self.state.steps.iter().find(|(_, held)| alike(held)) else {
            return Ok(None);
        };
        let (mut rows, mut heads) = (
            self.folder.rows_of(*earlier)?,
            self.folder.heads_of(*earlier)?,
        );
        rows.iter_mut().for_each(|row| row.step = step);
        heads.iter_mut().for_each(|head| head.step = step);
        Ok(Some((rows, heads)))
    }

    fn measure(
        &mut self,
        checkpoint: &Checkpoint,
        step: u64,
        observer: &mut dyn FnMut(Event<'_>),
    ) -> Result<(Vec<Measurement>, Vec<HeadSink>)> {
        let opened = Published::open(&checkpoint.folder)?;
        self.know(&opened)?;
        let (name, ids) = (self.options.model.as_str(), &self.tokens.ids);
        let cells = (ids.len() * opened.arch().layers) as f64;
        let mut done = 0.0;
        let mut advance = |_, _| {
            done += 1.0;
            observer(Event::Advanced(done / cells));
        };
        let measured = measure(&opened, ids, (name, step), self.options.sinks, &mut advance)?;
        let Measured { rows, sinks, .. } = measured;
        let heads = sinks
            .map(|sinks| sinks.rows(name, step))
            .unwrap_or_default();
        if let Some(words) = non_finite(&rows) {
            observer(Event::Warning(words));
        }
        Ok((rows, heads))
    }

    /// The first checkpoint says which architecture the series has, the others must have it.
    fn know(&mut self, opened: &Published) -> Result<()> {
        let hash = opened.arch().sha256()?;
        match &self.arch {
            Some(arch) => return model::same(opened, arch),
            None if self.state.arch_sha256.is_empty() => self.state.arch_sha256 = hash,
            None if self.state.arch_sha256 != hash => {
                return Err(Error::OtherArchitecture {
                    path: opened.weights().path().to_owned(),
                    difference: "the steps measured before had another one".into(),
                });
            }
            None => {}
        }
        let arch = opened.arch();
        let context = (arch.position == Position::Learned).then_some(arch.context);
        self.tokens.check(arch.vocab, context)?;
        self.arch = Some(opened.arch().clone());
        self.folder.write_arch(NamedArch {
            model: self.options.model.clone(),
            arch: opened.arch().clone(),
        })
    }

    /// Folders of steps that hold no checkpoint are steps that could not be measured.
    fn name_what_was_passed_over(&mut self) {
        let Source::Local(series) = self.source else {
            return;
        };
        for problem in &series.problems {
            if let Some(step) = problem.step {
                let error = Error::NoCheckpoint(problem.reason.clone());
                self.outcome.failures.push(Failure { step, error });
            }
        }
    }

    /// Ends the audit, marks suspect steps, and writes what follows from all rows together.
    fn finish(mut self, observer: &mut dyn FnMut(Event<'_>)) -> Result<Outcome> {
        if let Some(auditor) = self.auditor.take() {
            let series: CheckpointSeries = self.source.series(std::mem::take(&mut self.seen));
            let audit = auditor.finish(&series);
            self.folder.write_audit(&audit)?;
            self.folder.mark(&audit.suspect_reasons())?;
            self.outcome.audit = Some(audit);
        }
        self.source.tidy()?;
        self.folder.write_places()?;
        self.folder.write_provenance(&self.provenance())?;
        if self.outcome.measured == 0 && !self.outcome.interrupted {
            observer(Event::Warning("no checkpoint could be measured".into()));
        }
        Ok(self.outcome)
    }

    fn provenance(&self) -> Provenance {
        let mut inputs = std::collections::BTreeMap::new();
        for checkpoint in self
            .outcome
            .audit
            .iter()
            .flat_map(|audit| &audit.checkpoints)
        {
            let step = checkpoint.step.unwrap_or(self.options.step);
            for file in &checkpoint.files {
                inputs.insert(format!("step {step}, {}", file.name), file.sha256.clone());
            }
        }
        Provenance {
            version: env!("CARGO_PKG_VERSION").into(),
            git_revision: self.options.git_revision.clone(),
            spec_sha256: Some(self.state.arch_sha256.clone()).filter(|hash| !hash.is_empty()),
            corpus_sha256: Some(self.tokens.sha256.clone()),
            inputs_sha256: inputs,
            backend: Some("outcrop-forward, f32".into()),
            command: Some(format!(
                "outcrop measure, tokens: {}",
                tokens_in_words(self.tokens)
            )),
            ..Provenance::default()
        }
    }
}

/// Where tokens come from, and what was put before them.
pub fn tokens_in_words(tokens: &Sequences) -> String {
    let bos = tokens
        .bos
        .map_or("no BOS".into(), |id| format!("BOS {id} before each"));
    format!("{}, {bos}", tokens.source)
}

/// One hash for all weight files of a checkpoint.
fn content(checkpoint: &AuditedCheckpoint) -> Option<String> {
    let hashes: Vec<&str> = checkpoint.files.iter().map(|f| f.sha256.as_str()).collect();
    (!hashes.is_empty()).then(|| sha256_hex(hashes.join("\n").as_bytes()))
}

/// Where the first scalar that is not finite stands.
fn non_finite(rows: &[Measurement]) -> Option<String> {
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
        "step {}, layer {}, sequence {}: {} of {} scalars are not finite{place}",
        row.step, row.layer, row.sequence, row.stats.non_finite, row.stats.count
    ))
}
