//! Measuring the checkpoints of a series, one after another.

mod ahead;
mod finish;
mod last;
mod parts;
mod verify;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use outcrop_arch::{ArchSpec, HuggingFace, Position};
use outcrop_checkpoint::{Altered, Auditor, BufferPool, Checkpoint, Weights};
use outcrop_core::{FolderLock, NamedArch, arch_sha256, sha256_hex};
use outcrop_forward::{
    Annotations, LensPositions, Measured, ObservedStep, Published, measure_on, observe_step,
};
use outcrop_tokens::Sequences;

use self::ahead::Ahead;
use crate::compared::Compared;
use crate::folder::Folder;
use crate::key::{Key, rows_sha256};
use crate::outcome::{SeriesEvent, SeriesFailure, SeriesOptions, SeriesOutcome, non_finite};
use crate::rows::StepRows;
use crate::salvage::salvage;
use crate::state::SeriesState;
use crate::tables::{Tables, own_suspicion};
use crate::{CheckpointSource, model};
use crate::{Error, Result};

/// How often rows are made to outlast a power cut, at most: what is lost is measured again.
const COMMIT_EVERY: Duration = Duration::from_secs(1);

/// Measures every checkpoint of `source` that `folder` has not yet, one after another, on `tokens`, and
/// writes the tables. A checkpoint whose weight files and config are those of an earlier one gets its
/// rows. Once `stop` is set, no other checkpoint is begun.
///
/// Those that the folder has are looked at first: their weights and configs must be those that were
/// measured.
///
/// # Errors
/// [`Error::OtherSeries`], [`Error::Damaged`] and [`Error::Changed`] before anything is done;
/// [`Error::Core`] where another process works on the folder, or a table cannot be written. A checkpoint that cannot be measured is no error but a [`SeriesFailure`] of the outcome.
pub fn measure_series(
    source: &CheckpointSource,
    tokens: &Sequences,
    folder: &Folder,
    options: &SeriesOptions,
    stop: &AtomicBool,
    observer: &mut dyn FnMut(SeriesEvent<'_>),
) -> Result<SeriesOutcome> {
    folder.check(options.repair)?;
    let lock = FolderLock::acquire(folder.path(), &options.holder)?;
    if let Some(warning) = lock.warning() {
        observer(SeriesEvent::Warning(warning));
    }
    let run = Measuring::open(source, tokens, folder, options, observer);
    let outcome = run.and_then(|run| run.measure_all(stop, observer));
    source.tidy()?;
    outcome
}

/// The names of the observables, in order.
fn names(options: &SeriesOptions) -> Vec<String> {
    let observables = options.observe.observables.iter();
    let mut names: Vec<_> = observables.map(|one| one.name.to_owned()).collect();
    names.sort();
    names
}

/// A hash of labels and targets.
fn annotations_sha256(options: &SeriesOptions) -> Option<String> {
    let annotations = &options.observe.annotations;
    let hash = || sha256_hex(format!("{annotations:?}").as_bytes());
    (*annotations != Annotations::default()).then(hash)
}

fn auditor(options: &SeriesOptions) -> Option<Auditor> {
    let auditor = options.audit.as_ref().map(Auditor::new)?;
    Some(auditor.with_known(options.known.clone()))
}

struct Measuring<'a> {
    source: &'a CheckpointSource,
    tokens: &'a Sequences,
    folder: &'a Folder,
    options: &'a SeriesOptions,
    state: SeriesState,
    tables: Tables,
    compared: Compared,
    /// When the state last spoke of all rows.
    committed: Instant,
    /// Why a table could not be written.
    failed: Option<Error>,
    auditor: Option<Auditor>,
    /// Checkpoints that the audit has seen.
    seen: Vec<Checkpoint>,
    /// Hashes of weights that were taken, by step.
    hashes: BTreeMap<u64, String>,
    /// The weights of the step that was hashed last, which may be held in memory.
    opened: Option<(u64, Weights)>,
    /// The place and the step of the checkpoint that comes next.
    next: Option<(usize, u64)>,
    /// What was read of it while another was measured.
    ahead: Option<Ahead>,
    /// Memory for weights that are held.
    pool: BufferPool,
    /// A file by step that is not what its `SHA256SUMS` says.
    altered: BTreeMap<u64, Altered>,
    /// Steps whose revision on the hub is another commit than when it was measured.
    moved: BTreeSet<u64>,
    arch: Option<ArchSpec>,
    /// What was said of how weights were found; each once.
    told: BTreeSet<String>,
    outcome: SeriesOutcome,
}

impl<'a> Measuring<'a> {
    fn open(
        source: &'a CheckpointSource,
        tokens: &'a Sequences,
        folder: &'a Folder,
        options: &'a SeriesOptions,
        observer: &mut dyn FnMut(SeriesEvent<'_>),
    ) -> Result<Self> {
        let wanted = SeriesState {
            model: options.model.clone(),
            stage: options.stage.as_ref().map(|stage| stage.name.clone()),
            begins: options.stage.as_ref().and_then(|stage| stage.begins),
            staged: options.stage.is_some(),
            tokens_sha256: tokens.sha256.clone(),
            sinks: options.sinks,
            backend: options
                .engine
                .as_ref()
                .map(|engine| engine.name().to_owned()),
            observables: names(options),
            observed_sequences: options.observe.sequences,
            lens_positions: match options.observe.lens() {
                Some(positions @ LensPositions::Spread(_)) => positions.to_string(),
                Some(LensPositions::All) | None => String::new(),
            },
            annotations_sha256: annotations_sha256(options),
            ..SeriesState::default()
        };
        let mut state = folder.claim(&wanted, options.repair)?;
        let begins = wanted.begins.filter(|_| state.staged);
        let mut tables = match Tables::open(folder, &mut state) {
            Err(error) if options.repair => {
                observer(SeriesEvent::Warning(format!("failed to {error}")));
                let (had, kept) = (state.steps.len(), salvage(folder, &mut state)?);
                let words = format!("{kept} of {had} steps are unchanged and kept");
                observer(SeriesEvent::Warning(words));
                Tables::open(folder, &mut state)?
            }
            opened => opened?,
        };
        if begins.is_some() && begins != state.begins {
            state.begins = begins;
            tables.restage(&mut state)?;
        }
        Ok(Self {
            source,
            tokens,
            folder,
            options,
            state,
            tables,
            compared: Compared::new(folder.file("compared")),
            committed: Instant::now(),
            failed: None,
            auditor: auditor(options),
            seen: Vec::new(),
            hashes: BTreeMap::new(),
            opened: None,
            next: None,
            ahead: None,
            pool: BufferPool::default(),
            altered: BTreeMap::new(),
            moved: BTreeSet::new(),
            arch: None,
            told: BTreeSet::new(),
            outcome: SeriesOutcome::default(),
        })
    }

    fn measure_all(
        mut self,
        stop: &AtomicBool,
        observer: &mut dyn FnMut(SeriesEvent<'_>),
    ) -> Result<SeriesOutcome> {
        let steps = self.source.steps().into_iter();
        let steps: Vec<u64> = steps.map(|s| s.unwrap_or(self.options.step)).collect();
        self.ask_for_commits(&steps);
        self.recall();
        self.take_in_what_has_gone(&steps, observer)?;
        let (held, fresh): (Vec<_>, Vec<_>) = (steps.into_iter().enumerate())
            .partition(|(_, step)| self.state.steps.contains_key(step));
        let again = self.verify(&held, stop, observer)?;
        let queue: Vec<_> = again.into_iter().chain(fresh).collect();
        for (done, &(place, step)) in queue.iter().enumerate() {
            self.next = queue.get(done + 1).copied();
            if self.outcome.interrupted || stop.load(Ordering::Relaxed) {
                self.outcome.interrupted = true;
                break;
            }
            let done = self.outcome.before + done;
            observer(SeriesEvent::Started { step, done });
            if let Err(error) = self.visit(place, step, observer) {
                self.fail(step, error);
            }
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
        }
        self.name_what_was_passed_over();
        self.finish()
    }

    /// Takes in that a step could not be measured, or that the user stopped its download.
    fn fail(&mut self, step: u64, error: Error) {
        match error.is_stop() {
            true => self.outcome.interrupted = true,
            false => {
                if let (Some(place), Some(auditor)) = (error.lacks_weights(), &mut self.auditor) {
                    auditor.lacks_weights(step, &place);
                }
                self.outcome.failures.push(SeriesFailure { step, error });
            }
        }
    }

    fn visit(
        &mut self,
        place: usize,
        step: u64,
        observer: &mut dyn FnMut(SeriesEvent<'_>),
    ) -> Result<()> {
        if self.source.is_passing()
            && let Some(part) = self.part(step)?
        {
            return self.take_in(part, step, observer);
        }
        let source = self.source;
        let told = RefCell::new(observer);
        source.with(
            place,
            &mut |transfer| (told.borrow_mut())(SeriesEvent::Fetched(transfer)),
            |checkpoint| self.look(checkpoint, step, &mut |event| (told.borrow_mut())(event)),
        )
    }

    /// Audits and measures one checkpoint.
    fn look(
        &mut self,
        checkpoint: &Checkpoint,
        step: u64,
        observer: &mut dyn FnMut(SeriesEvent<'_>),
    ) -> Result<()> {
        let (found, key) = self.key(checkpoint, step)?;
        self.check(&found.arch, &checkpoint.folder)?;
        let rows = match self.unchanged_part(step, &key, observer)? {
            Some(part) => {
                self.tell(step, &part.notes, observer);
                part.rows
            }
            None => match self.copied(step, &key)? {
                Some(copied) => copied,
                None => self.measure(checkpoint, &found, step, observer)?,
            },
        };
        self.count(step, (found.arch, key), &rows, observer);
        Ok(())
    }

    /// Writes the rows of a step, and says so.
    fn count(
        &mut self,
        step: u64,
        (arch, key): (ArchSpec, Key),
        rows: &StepRows,
        observer: &mut dyn FnMut(SeriesEvent<'_>),
    ) {
        if let Err(error) = self.keep(step, arch, key, rows) {
            self.failed = Some(error);
            return;
        }
        self.outcome.measured += 1;
        observer(SeriesEvent::Measured {
            step,
            rows: &rows.measurements,
        });
    }

    /// Writes the rows of a step.
    fn keep(&mut self, step: u64, arch: ArchSpec, mut key: Key, rows: &StepRows) -> Result<()> {
        self.adopt(arch)?;
        self.compared.keep(step, rows)?;
        self.tables.append(rows, self.state.row_stage().is_some())?;
        key.rows = Some(rows_sha256(rows)?);
        self.state.steps.insert(step, key);
        if let Some(auditor) = self.auditor.as_ref().filter(|_| self.source.is_passing()) {
            self.folder.write_audit(auditor.so_far())?;
        }
        match self.committed.elapsed() < COMMIT_EVERY {
            true => Ok(()),
            false => self.commit(),
        }
    }

    /// Makes all that was measured outlast a power cut.
    fn commit(&mut self) -> Result<()> {
        self.tables.commit(&mut self.state)?;
        self.compared.prune(&self.state.steps)?;
        self.committed = Instant::now();
        Ok(())
    }

    /// The rows of a step that has the same weight files and the same config. Observables are also of the step before.
    fn copied(&self, step: u64, key: &Key) -> Result<Option<StepRows>> {
        if !self.options.observe.observables.is_empty() {
            return Ok(None);
        }
        let Some((earlier, _)) = self.state.steps.iter().find(|(_, held)| held.is(key)) else {
            return Ok(None);
        };
        let mut rows = self.tables.rows_of(*earlier)?;
        for row in &mut rows.measurements {
            (row.step, row.suspect) = (step, own_suspicion(row));
        }
        rows.heads.iter_mut().for_each(|head| head.step = step);
        let experts = rows.experts.iter_mut();
        experts.for_each(|expert| expert.step = step);
        Ok(Some(rows))
    }

    fn measure(
        &mut self,
        checkpoint: &Checkpoint,
        found: &HuggingFace,
        step: u64,
        observer: &mut dyn FnMut(SeriesEvent<'_>),
    ) -> Result<StepRows> {
        let (arch, family) = (found.arch.clone(), found.family);
        let opened = match self.opened.take() {
            Some((read, weights)) if read == step => Published::with_weights(arch, family, weights),
            _ => Published::with_arch(arch, family, &checkpoint.folder),
        }?;
        self.tell(step, opened.notes(), observer);
        let cells = (self.tokens.ids.len() * opened.arch().layers) as f64;
        let mut done = 0.0;
        let mut advance = |_, _| {
            done += 1.0;
            observer(SeriesEvent::Advanced(done / cells));
        };
        let observed = self.observe(&opened, step, &mut advance)?;
        let name = self.state.model.as_str();
        let ObservedStep {
            measured,
            mut observations,
            channels,
            kernels,
            ..
        } = observed;
        let Measured {
            mut rows,
            sinks,
            routers,
            ..
        } = measured;
        let stage = self.state.row_stage();
        for row in &mut rows {
            row.suspect = own_suspicion(row);
            row.stage.clone_from(&stage);
        }
        for row in &mut observations {
            row.stage.clone_from(&stage);
        }
        let heads = sinks
            .map(|sinks| sinks.rows(name, step))
            .unwrap_or_default();
        if let Some(words) = non_finite(&rows) {
            observer(SeriesEvent::Warning(words));
        }
        Ok(StepRows {
            measurements: rows,
            heads,
            experts: routers.rows(name, step),
            observations,
            channels,
            kernels,
        })
    }

    /// Measures a model, and reads the checkpoint after it meanwhile.
    fn observe(
        &mut self,
        opened: &Published,
        step: u64,
        advance: &mut dyn FnMut(usize, usize),
    ) -> Result<ObservedStep> {
        let (name, ids) = (self.state.model.as_str(), &self.tokens.ids);
        let earlier = self.compared.earlier(step, &self.state.steps);
        let next = match (self.source, self.next) {
            (CheckpointSource::Local(series), Some((place, step))) => {
                series.entries.get(place).map(|entry| (entry, step))
            }
            (CheckpointSource::Local(_) | CheckpointSource::Hub(_), _) => None,
        };
        let (auditor, pool, ahead) = (self.auditor.as_mut(), &self.pool, &mut self.ahead);
        let options = self.options;
        let observed = rayon::in_place_scope(|scope| {
            if let Some(next) = next {
                scope.spawn(move |_| *ahead = Ahead::read(next, auditor, pool));
            }
            match &options.engine {
                Some(engine) => {
                    let measured = measure_on(engine.as_ref(), opened, ids, (name, step), advance);
                    measured.map(ObservedStep::from)
                }
                None => observe_step(
                    opened,
                    ids,
                    (name, step),
                    options.sinks,
                    (&options.observe, earlier),
                    advance,
                ),
            }
        });
        Ok(observed?)
    }

    /// Says how the weights of a step were found, where it was not said of an earlier one.
    fn tell(&mut self, step: u64, notes: &[String], observer: &mut dyn FnMut(SeriesEvent<'_>)) {
        for note in notes {
            if self.told.insert(note.clone()) {
                observer(SeriesEvent::Warning(format!("step {step}: {note}")));
            }
        }
    }

    /// Checks that an architecture is that of the series, and that the tokens suit it.
    fn check(&self, arch: &ArchSpec, path: &Path) -> Result<()> {
        let expected = match &self.arch {
            Some(arch) => Some(arch.clone()),
            None if self.state.steps.is_empty() => None,
            None => self.folder.arch(),
        };
        let difference = match expected {
            Some(expected) => model::difference(arch, &expected)?,
            None => None,
        };
        if let Some(difference) = difference {
            return Err(Error::OtherArchitecture {
                path: path.to_owned(),
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
        self.state.arch_sha256 = arch_sha256(&arch)?;
        self.arch = Some(arch.clone());
        self.folder.write_arch(NamedArch {
            model: self.state.model.clone(),
            arch,
        })
    }
}
