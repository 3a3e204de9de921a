//! Steps that other processes measured.

use outcrop_checkpoint::Checkpoint;

use super::Measuring;
use crate::Result;
use crate::outcome::SeriesEvent;
use crate::part::Part;

impl Measuring<'_> {
    /// What another process measured of a step.
    pub(super) fn part(&self, step: u64) -> Result<Option<Part>> {
        match self.options.parts.get(&step) {
            Some(path) => Part::read(path, step, &self.state),
            None => Ok(None),
        }
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
