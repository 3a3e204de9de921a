use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use outcrop_checkpoint::{Auditor, Checkpoint, CheckpointSeries};
use outcrop_core::{ArchSpec, HeadSink, HuggingFace, Measurement, NamedArch, Position, Provenance};
use outcrop_forward::{Measured, Published, measure};
use outcrop_tokens::Sequences;

use super::folder::{Folder, State};
use super::key::{self, Change, Key};
use super::outcome::{Event, Failure, Options, Outcome, non_finite, tokens_in_words};
use super::{Source, model};
use crate::{Error, Result};

/// Measures every checkpoint of `source` that `folder` has not yet, one after another, on `tokens`, and
/// writes the tables. A checkpoint whose weight files and config are those of an earlier one gets its
/// rows. Once `stop` is set, no other checkpoint is begun.
///
/// Those that the folder has are looked at first: their weights and configs must be those that were
/// measured.
///
/// # Errors
/// [`Error::OtherSeries`] and [`Error::Changed`] before anything is done; [`Error::Core`] where a table
/// cannot be written. A checkpoint that cannot be measured is no error but a [`Failure`] of the outcome.
pub fn measure_series(
    source: &Source,
    tokens: &Sequences,
    folder: &Folder,
    options: &Options,
    stop: &AtomicBool,
    observer: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome> {
    let mut run = Run::open(source, tokens, folder, options)?;
    let steps = source.steps().into_iter();
    let steps: Vec<u64> = steps.map(|step| step.unwrap_or(options.step)).collect();
    let (held, fresh): (Vec<_>, Vec<_>) =
        (steps.into_iter().enumerate()).partition(|(_, step)| run.state.steps.contains_key(step));
    let again = run.verify(&held, stop, observer)?;
    for (done, (place, step)) in again.into_iter().chain(fresh).enumerate() {
        if run.outcome.interrupted || stop.load(Ordering::Relaxed) {
            run.outcome.interrupted = true;
            break;
        }
        let done = run.outcome.before + done;
        observer(Event::Started { step, done });
        if let Err(error) = run.visit(place, step, observer) {
            run.outcome.failures.push(Failure { step, error });
        }
    }
    run.name_what_was_passed_over();
    run.finish()
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
    /// Hashes of weights that were taken, by step.
    hashes: BTreeMap<u64, String>,
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
            stage: options.stage.clone(),
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
            hashes: BTreeMap::new(),
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
                    config: None,
                });
                auditor.recall(checkpoint);
            }
        }
    }

    /// Looks at the steps that were measured before: their weights and configs must be what they were.
    /// Returns those that are to be measured anew.
    fn verify(
        &mut self,
        held: &[(usize, u64)],
        stop: &AtomicBool,
        observer: &mut dyn FnMut(Event<'_>),
    ) -> Result<Vec<(usize, u64)>> {
        let known = self.state.steps.len();
        if held.is_empty() && known > 0 {
            let words = format!(
                "none of the {known} steps measured before is among these checkpoints; their rows stay"
            );
            observer(Event::Warning(words));
        }
        let (mut changes, mut again) = (Vec::new(), Vec::new());
        for &(place, step) in held {
            if stop.load(Ordering::Relaxed) {
                self.outcome.interrupted = true;
                break;
            }
            let done = self.outcome.before;
            observer(Event::Started { step, done });
            match self.change(place, step, observer) {
                Ok(None) => {
                    self.outcome.measured += 1;
                    self.outcome.before += 1;
                }
                Ok(Some(words)) => {
                    changes.push(Change { step, words });
                    again.push((place, step));
                }
                Err(error) => self.outcome.failures.push(Failure { step, error }),
            }
        }
        if !changes.is_empty() {
            let words = key::in_words(&changes);
            if !self.options.again {
                let path = self.folder.path().to_owned();
                return Err(Error::Changed { path, words });
            }
            let words =
                format!("these steps are measured anew, their old rows are dropped: {words}");
            observer(Event::Warning(words));
            self.forget(&changes)?;
        }
        Ok(again)
    }

    /// What differs in a step that was measured before, if anything does.
    fn change(
        &mut self,
        place: usize,
        step: u64,
        observer: &mut dyn FnMut(Event<'_>),
    ) -> Result<Option<String>> {
        let recalled = self.seen.iter().any(|entry| entry.step == Some(step));
        if self.source.is_passing() && (recalled || self.auditor.is_none()) {
            return Ok(None);
        }
        let source = self.source;
        source.with(
            place,
            &mut |transfer| observer(Event::Fetched(transfer)),
            |checkpoint| match self.key(checkpoint, step) {
                Ok((found, key)) => self.difference(step, &found, &key),
                Err(error) => Ok(Some(format!("it can be read no more: failed to {error}"))),
            },
        )
    }

    fn difference(&self, step: u64, found: &HuggingFace, key: &Key) -> Result<Option<String>> {
        let held = self.state.steps.get(&step).cloned().unwrap_or_default();
        if let Some(words) = held.other_weights(key) {
            return Ok(Some(words.into()));
        }
        if held.is(key) {
            return Ok(None);
        }
        let words = match self.folder.arch()? {
            // a hash of an earlier version may be another for the same architecture
            Some(arch) => model::difference(&found.arch, &arch)?,
            None => Some("the architecture that was measured is not known".into()),
        };
        Ok(words.map(|words| format!("its config.json says something else: {words}")))
    }

    /// Drops the rows of steps that are to be measured anew.
    fn forget(&mut self, changes: &[Change]) -> Result<()> {
        for change in changes {
            self.state.steps.remove(&change.step);
        }
        if self.state.steps.is_empty() {
            self.state.arch_sha256.clear();
        }
        self.folder.set_state(&self.state)?;
        self.folder
            .keep(&self.state.steps.keys().copied().collect())
    }

    fn visit(
        &mut self,
        place: usize,
        step: u64,
        observer: &mut dyn FnMut(Event<'_>),
    ) -> Result<()> {
        let source = self.source;
        let told = RefCell::new(observer);
        source.with(
            place,
            &mut |transfer| (told.borrow_mut())(Event::Fetched(transfer)),
            |checkpoint| self.look(checkpoint, step, &mut |event| (told.borrow_mut())(event)),
        )
    }

    /// Audits and measures one checkpoint.
    fn look(
        &mut self,
        checkpoint: &Checkpoint,
        step: u64,
        observer: &mut dyn FnMut(Event<'_>),
    ) -> Result<()> {
        let (found, key) = self.key(checkpoint, step)?;
        self.check(&found.arch, checkpoint)?;
        let (rows, heads) = match self.copied(step, &key)? {
            Some(copied) => copied,
            None => self.measure(checkpoint, &found, step, observer)?,
        };
        self.adopt(found.arch)?;
        self.folder.append(&rows, &heads)?;
        self.state.steps.insert(step, key);
        self.folder.set_state(&self.state)?;
        if let Some(auditor) = self.auditor.as_ref().filter(|_| self.source.is_passing()) {
            self.folder.write_audit(auditor.so_far())?;
        }
        self.outcome.measured += 1;
        observer(Event::Measured { step, rows: &rows });
        Ok(())
    }

    /// What a checkpoint's config says, and the key of its rows.
    fn key(&mut self, checkpoint: &Checkpoint, step: u64) -> Result<(HuggingFace, Key)> {
        let stamp = key::stamp(checkpoint)?;
        let weights = self.weights(checkpoint, step, &stamp);
        let found = model::read_config(checkpoint, self.options.config.as_deref())?;
        let key = Key {
            weights: Some(weights?),
            config: Some(found.arch.sha256()?),
            stamp: Some(stamp),
        };
        Ok((found, key))
    }

    /// The hash of a checkpoint's weights, which the audit takes, if there is one.
    fn weights(&mut self, checkpoint: &Checkpoint, step: u64, stamp: &str) -> Result<String> {
        if let Some(hash) = self.hashes.get(&step) {
            return Ok(hash.clone());
        }
        let held = self.state.steps.get(&step);
        let known = held.filter(|held| held.stamp.as_deref() == Some(stamp));
        let known = known.and_then(|held| held.weights.clone());
        let audited = self.auditor.as_mut().map(|auditor| {
            // findings about a model alone are about the step under which it is measured
            let checkpoint = Checkpoint {
                step: Some(step),
                ..checkpoint.clone()
            };
            self.seen.push(checkpoint.clone());
            key::audited(auditor.scan(&checkpoint))
        });
        let hash = match audited {
            Some(Some(hash)) => hash,
            Some(None) => key::hashed(checkpoint)?,
            None => known.map_or_else(|| key::hashed(checkpoint), Ok)?,
        };
        self.hashes.insert(step, hash.clone());
        Ok(hash)
    }

    /// The rows of a step that has the same weight files and the same config.
    fn copied(&self, step: u64, key: &Key) -> Result<Option<(Vec<Measurement>, Vec<HeadSink>)>> {
        let Some((earlier, _)) = self.state.steps.iter().find(|(_, held)| held.is(key)) else {
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
        found: &HuggingFace,
        step: u64,
        observer: &mut dyn FnMut(Event<'_>),
    ) -> Result<(Vec<Measurement>, Vec<HeadSink>)> {
        let (arch, family) = (found.arch.clone(), found.family);
        let opened = Published::with_arch(arch, family, &checkpoint.folder)?;
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

    /// Makes sure that an architecture is that of the series, and that the tokens suit it.
    fn check(&self, arch: &ArchSpec, checkpoint: &Checkpoint) -> Result<()> {
        let expected = match &self.arch {
            Some(arch) => Some(arch.clone()),
            None if self.state.steps.is_empty() => None,
            None => self.folder.arch()?,
        };
        let difference = match expected {
            Some(expected) => model::difference(arch, &expected)?,
            None => None,
        };
        if let Some(difference) = difference {
            return Err(Error::OtherArchitecture {
                path: checkpoint.folder.clone(),
                difference,
            });
        }
        let context = (arch.position == Position::Learned).then_some(arch.context);
        Ok(self.tokens.check(arch.vocab, context)?)
    }

    /// The first checkpoint that was measured says which architecture the series has.
    fn adopt(&mut self, arch: ArchSpec) -> Result<()> {
        if self.arch.is_some() {
            return Ok(());
        }
        self.state.arch_sha256 = arch.sha256()?;
        self.arch = Some(arch.clone());
        self.folder.write_arch(NamedArch {
            model: self.options.model.clone(),
            arch,
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
    fn finish(mut self) -> Result<Outcome> {
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
