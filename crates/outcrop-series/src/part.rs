//! A step that another process measured, into a folder of its own.

use std::path::Path;

use outcrop_arch::ArchSpec;
use outcrop_checkpoint::AuditedCheckpoint;
use outcrop_core::table::StagedObservation;
use outcrop_core::{ExpertShare, HeadSink, Provenance, arch_sha256};

use crate::Result;
use crate::folder::{Folder, PROVENANCE};
use crate::key::{Key, rows_sha256};
use crate::rows::{MEASUREMENTS, OfStep, StepRows, each, each_row, of_step};
use crate::state::SeriesState;
use crate::tables::{damage, own_suspicion, settle};

/// Whether the folder of a step holds what a process measured of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartStanding {
    /// All of it, as it was written.
    Whole,
    /// Not as it was written; what is wrong, in words.
    Damaged(String),
    /// No process came to its end.
    Missing,
}

impl Folder {
    /// Whether it holds what a process measured of `step`. Its tables are read and hashed.
    pub fn part(&self, step: u64) -> PartStanding {
        let words = |error: crate::Error| PartStanding::Damaged(format!("failed to {error}"));
        let mut state = match self.state() {
            Ok(Some(state)) => state,
            Ok(None) => return PartStanding::Missing,
            Err(error) => return words(error),
        };
        if !state.steps.contains_key(&step) || !self.file(PROVENANCE).exists() {
            return PartStanding::Missing;
        }
        match self.altered(&mut state) {
            Ok(altered) if altered.is_empty() => PartStanding::Whole,
            Ok(altered) => PartStanding::Damaged(altered.join("; ")),
            Err(error) => words(error),
        }
    }

    /// What is wrong with the files of a measurement that came to its end, in words.
    fn altered(&self, state: &mut SeriesState) -> Result<Vec<String>> {
        settle(self, state)?;
        let mut altered = damage(self, state)?;
        let arch = self.arch().map(|arch| arch_sha256(&arch)).transpose()?;
        if arch.as_ref() != Some(&state.arch_sha256) {
            altered.push("architectures.csv: it is not that of the measured checkpoint".to_owned());
        }
        if Provenance::read(&self.file(PROVENANCE)).is_err() {
            altered.push(format!("{PROVENANCE}: it cannot be read"));
        }
        if self.file("audit.json").exists() && self.audit().is_none() {
            altered.push("audit.json: it cannot be read".to_owned());
        }
        Ok(altered)
    }
}

/// What its folder says of the step.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) key: Key,
    pub(crate) arch: ArchSpec,
    pub(crate) rows: StepRows,
    pub(crate) audited: Option<AuditedCheckpoint>,
    pub(crate) notes: Vec<String>,
}

impl Part {
    /// Reads the rows of `step` at `path`; none where its measurement did not come to its end, or its files are not as
    /// they were written.
    ///
    /// # Errors
    /// [`crate::Error::OtherSeries`] where it was measured with other settings than `wanted`; [`crate::Error::Damaged`] where its rows are
    /// not those that were written; [`crate::Error::Core`].
    pub(crate) fn read(path: &Path, step: u64, wanted: &SeriesState) -> Result<Option<Self>> {
        let folder = Folder::new(path);
        if folder.part(step) != PartStanding::Whole {
            return Ok(None);
        }
        let state = folder.state()?.unwrap_or_default();
        if let Some(what) = state.differences(wanted) {
            return Err(folder.other(&format!("it was measured with another setting of {what}")));
        }
        let (Some(key), Some(arch)) = (state.steps.get(&step).cloned(), folder.arch()) else {
            return Ok(None);
        };
        let rows = rows(&folder, step, wanted)?;
        if key.rows != Some(rows_sha256(&rows)?) {
            return Err(folder.damaged(format!(
                "the rows of step {step} are not those that were written"
            )));
        }
        let audit = folder.audit().unwrap_or_default();
        let mut audited = audit.checkpoints.into_iter();
        let provenance = Provenance::read(&folder.file("provenance.json"))?;
        Ok(Some(Self {
            key,
            arch,
            rows,
            audited: audited.find(|checkpoint| checkpoint.step == Some(step)),
            notes: provenance.notes,
        }))
    }
}

/// The rows of a step as they were before an audit marked them.
fn rows(folder: &Folder, step: u64, wanted: &SeriesState) -> Result<StepRows> {
    let mut rows = StepRows {
        heads: of_step::<HeadSink>(&folder.file(HeadSink::TABLE), step)?,
        experts: of_step::<ExpertShare>(&folder.file(ExpertShare::TABLE), step)?,
        ..StepRows::default()
    };
    let stage = wanted.row_stage();
    each_row(&folder.file(MEASUREMENTS), |mut row| {
        row.suspect = own_suspicion(&row);
        row.stage.clone_from(&stage);
        rows.measurements.extend((row.step == step).then_some(row));
        Ok(())
    })?;
    each::<StagedObservation>(&folder.file(StagedObservation::TABLE), |row| {
        let mut row = row.0;
        row.stage.clone_from(&stage);
        rows.observations.extend((row.step == step).then_some(row));
        Ok(())
    })?;
    Ok(rows)
}
