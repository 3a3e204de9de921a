//! Steps that other processes measured.

use outcrop_checkpoint::Checkpoint;

use super::Measuring;
use crate::Result;
use crate::key::Key;
use crate::outcome::SeriesEvent;
use crate::part::Part;

impl Measuring<'_> {
    /// What another process measured of a step.
    pub(super) fn part(&self, step: u64) -> Result<Option<Part>> {
        let Some(path) = self.options.parts.get(&step) else {
            return Ok(None);
        };
        let part = Part::read(path, step, &self.state)?;
        // what its audit found cannot be looked up again where the checkpoint is not on the disk
        let needs_audit = self.auditor.is_some() && self.source.is_passing();
        Ok(part.filter(|part| part.audited.is_some() || !needs_audit))
    }

    /// The same, where the checkpoint is still what was measured.
    pub(super) fn unchanged_part(
        &self,
        step: u64,
        key: &Key,
        observer: &mut dyn FnMut(SeriesEvent<'_>),
    ) -> Result<Option<Part>> {
        let part = self.part(step)?;
        if part.as_ref().is_some_and(|part| !part.key.is(key)) {
            observer(SeriesEvent::Warning(format!(
                "step {step}: its checkpoint has changed since an element measured it, and is measured again"
            )));
            return Ok(None);
        }
        Ok(part)
    }

    /// Takes in the steps that other processes measured, but that are not among the checkpoints any more.
    pub(super) fn take_in_what_has_gone(
        &mut self,
        steps: &[u64],
        observer: &mut dyn FnMut(SeriesEvent<'_>),
    ) -> Result<()> {
        let measured: Vec<u64> = self.options.parts.keys().copied().collect();
        for step in measured {
            if steps.contains(&step) || self.state.steps.contains_key(&step) {
                continue;
            }
            if let Some(part) = self.part(step)? {
                observer(SeriesEvent::Warning(format!(
                    "step {step}: its checkpoint is not among these any more; the rows are those that an element measured"
                )));
                self.take_in(part, step, observer)?;
            }
        }
        Ok(())
    }

    /// Takes in a step whose checkpoint is no longer there to be looked at.
    pub(super) fn take_in(
        &mut self,
        part: Part,
        step: u64,
        observer: &mut dyn FnMut(SeriesEvent<'_>),
    ) -> Result<()> {
        let place = part.audited.as_ref().map(|audited| audited.folder.clone());
        self.check(&part.arch, &place.unwrap_or_default())?;
        if let (Some(auditor), Some(audited)) = (&mut self.auditor, part.audited) {
            self.seen.push(Checkpoint {
                step: audited.step,
                folder: audited.folder.clone(),
                files: Vec::new(),
                config: None,
            });
            auditor.recall(audited);
        }
        self.tell(step, &part.notes, observer);
        self.count(step, (part.arch, part.key), &part.rows, observer);
        Ok(())
    }
}
