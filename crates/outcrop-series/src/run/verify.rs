//! Compares earlier measurements with the present checkpoints.

use std::sync::atomic::{AtomicBool, Ordering};

use outcrop_arch::{ArchSpec, HuggingFace};
use outcrop_checkpoint::{Altered, BufferPool, Checkpoint, Weights};
use outcrop_core::arch_sha256;

use super::Measuring;
use crate::key::{self, Change, Key};
use crate::model;
use crate::outcome::SeriesEvent;
use crate::{Error, Result};

impl Measuring<'_> {
    /// Finds the steps whose revision is of another commit than when it was measured, where it
    /// is not on the disk any more.
    pub(super) fn ask_for_commits(&mut self, steps: &[u64]) {
        if !self.source.is_passing() {
            return;
        }
        for (place, step) in steps.iter().enumerate() {
            let held = self.state.steps.get(step);
            let held = held.and_then(|held| held.commit.as_ref());
            let now = held.and_then(|_| self.source.commit(place));
            if now.is_some() && now.as_ref() != held {
                self.moved.insert(*step);
            }
        }
    }

    /// Takes from an earlier audit what cannot be looked at again.
    pub(super) fn recall(&mut self) {
        let Some(auditor) = self.auditor.as_mut().filter(|_| self.source.is_passing()) else {
            return;
        };
        for checkpoint in self.folder.audit().unwrap_or_default().checkpoints {
            let known = checkpoint
                .step
                .is_some_and(|s| self.state.steps.contains_key(&s) && !self.moved.contains(&s));
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
    /// Returns those that are to be measured again.
    pub(super) fn verify(
        &mut self,
        held: &[(usize, u64)],
        stop: &AtomicBool,
        observer: &mut dyn FnMut(SeriesEvent<'_>),
    ) -> Result<Vec<(usize, u64)>> {
        let known = self.state.steps.len();
        if held.is_empty() && known > 0 {
            let words = format!(
                "none of the {known} steps measured before is among these checkpoints; their rows are kept"
            );
            observer(SeriesEvent::Warning(words));
        }
        let (mut changes, mut again) = (Vec::new(), Vec::new());
        for &(place, step) in held {
            if stop.load(Ordering::Relaxed) {
                self.outcome.interrupted = true;
                break;
            }
            let done = self.outcome.before;
            observer(SeriesEvent::Started { step, done });
            match self.change(place, step, observer) {
                Ok(None) => {
                    self.outcome.measured += 1;
                    self.outcome.before += 1;
                }
                Ok(Some(words)) => {
                    changes.push(Change { step, words });
                    again.push((place, step));
                }
                Err(error) => self.fail(step, error),
            }
        }
        if !changes.is_empty() {
            let words = key::in_words(&changes);
            if !self.options.again {
                let path = self.folder.path().to_owned();
                return Err(Error::Changed { path, words });
            }
            let words =
                format!("these steps are measured again, their old rows are dropped: {words}");
            observer(SeriesEvent::Warning(words));
            self.forget(&changes)?;
        }
        self.commit()?;
        Ok(again)
    }

    /// What differs in a step that was measured before, if anything does.
    fn change(
        &mut self,
        place: usize,
        step: u64,
        observer: &mut dyn FnMut(SeriesEvent<'_>),
    ) -> Result<Option<String>> {
        let recalled = self.seen.iter().any(|entry| entry.step == Some(step));
        let known = recalled || self.auditor.is_none();
        let is_known = known && self.folder.arch().is_some();
        if self.source.is_passing() && is_known && !self.moved.contains(&step) {
            return Ok(None);
        }
        let source = self.source;
        source.with(
            place,
            &mut |transfer| observer(SeriesEvent::Fetched(transfer)),
            |checkpoint| match self.key(checkpoint, step) {
                Ok((found, key)) => {
                    let difference = self.difference(step, &found, &key)?;
                    if difference.is_none() {
                        self.hold(step, found.arch, key)?;
                    }
                    Ok(difference)
                }
                Err(error) => Ok(Some(format!("it can no longer be read: failed to {error}"))),
            },
        )
    }

    /// Notes the key of a step that is as it was: times and commits may be others.
    fn hold(&mut self, step: u64, arch: ArchSpec, mut key: Key) -> Result<()> {
        key.rows = self
            .state
            .steps
            .get(&step)
            .and_then(|held| held.rows.clone());
        self.state.steps.insert(step, key);
        self.adopt(arch)
    }

    fn difference(&self, step: u64, found: &HuggingFace, key: &Key) -> Result<Option<String>> {
        let held = self.state.steps.get(&step).cloned().unwrap_or_default();
        if let Some(words) = held.other_weights(key) {
            return Ok(Some(words.into()));
        }
        if held.is(key) {
            return Ok(None);
        }
        let words = match self.folder.arch() {
            // a hash of an earlier version may be another for the same architecture
            Some(arch) => model::difference(&found.arch, &arch)?,
            None => Some("the architecture that was measured is not known".into()),
        };
        Ok(words.map(|words| format!("its config.json has changed: {words}")))
    }

    /// Drops the rows of steps that are to be measured again.
    fn forget(&mut self, changes: &[Change]) -> Result<()> {
        for change in changes {
            self.state.steps.remove(&change.step);
        }
        if self.state.steps.is_empty() {
            self.state.arch_sha256.clear();
        }
        self.tables.keep_steps(&mut self.state)
    }

    /// The architecture of a checkpoint's config, and the key of its rows.
    pub(super) fn key(&mut self, checkpoint: &Checkpoint, step: u64) -> Result<(HuggingFace, Key)> {
        let stamp = key::stamp(checkpoint)?;
        let weights = self.weights(checkpoint, step, &stamp);
        if let Some(altered) = self.altered.get(&step) {
            return Err(altered.clone().refuse(&checkpoint.folder).into());
        }
        let found = model::read_config(checkpoint, self.options.config.as_deref())?;
        let key = Key {
            weights: Some(weights?),
            config: Some(arch_sha256(&found.arch)?),
            stamp: Some(stamp),
            commit: self.source.commit_of(checkpoint),
            rows: None,
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
        let ahead = self.ahead.take().filter(|ahead| ahead.is(step, stamp));
        let (opened, scan) = match (ahead, &self.auditor, &known) {
            (Some(ahead), _, _) => (Some(ahead.opened), ahead.scan),
            (None, None, Some(_)) => (None, None),
            (None, _, _) => (Some(read_once(checkpoint, &self.pool)), None),
        };
        let audited = self.auditor.as_mut().zip(opened.as_ref());
        let audited = audited.map(|(auditor, opened)| {
            // findings about a model alone are about the step under which it is measured
            let checkpoint = Checkpoint {
                step: Some(step),
                ..checkpoint.clone()
            };
            self.seen.push(checkpoint.clone());
            let scan = scan.unwrap_or_else(|| auditor.look(&checkpoint, opened));
            auditor.take_in(scan).clone()
        });
        let hash = match audited {
            Some(audited) => {
                let hash = key::audited(&audited);
                self.compare(step, audited.altered);
                let again = || Ok(key::of(&key::hashes(checkpoint, opened.as_ref())?));
                hash.map_or_else(again, Ok::<_, Error>)?
            }
            None => match known {
                Some(known) => known,
                None => {
                    let hashes = key::hashes(checkpoint, opened.as_ref())?;
                    self.compare(step, checkpoint.altered(&hashes));
                    key::of(&hashes)
                }
            },
        };
        self.hashes.insert(step, hash.clone());
        self.opened = opened.and_then(Result::ok).map(|weights| (step, weights));
        Ok(hash)
    }

    /// Keeps in mind that a step is not what its `SHA256SUMS` says, unless that is to be ignored.
    fn compare(&mut self, step: u64, altered: Vec<Altered>) {
        let first = altered.into_iter().find(|altered| altered.is_used);
        if let Some(altered) = first.filter(|_| !self.options.ignore_sums) {
            self.altered.insert(step, altered);
        }
    }
}

/// Weight files that have at most so many bytes together are read once, into memory; of larger ones each reader reads what it
/// needs.
const HELD: u64 = 128 << 20;

pub(super) fn read_once(
    checkpoint: &Checkpoint,
    pool: &BufferPool,
) -> outcrop_checkpoint::Result<Weights> {
    let mut weights = Weights::open(&checkpoint.folder)?;
    weights.hold(HELD, pool)?;
    Ok(weights)
}
