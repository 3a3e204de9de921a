//! A step that another process measured, into a folder of its own.

use std::path::Path;

use outcrop_arch::ArchSpec;
use outcrop_checkpoint::AuditedCheckpoint;
use outcrop_core::table::StagedObservation;
use outcrop_core::{ExpertShare, HeadSink, Provenance};

use crate::Result;
use crate::folder::Folder;
use crate::key::{Key, rows_sha256};
use crate::rows::{MEASUREMENTS, OfStep, StepRows, each, each_row, of_step};
use crate::state::SeriesState;
use crate::tables::own_suspicion;

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
    /// Reads the rows of `step` at `path`; none where its measurement did not come to its end.
    ///
    /// # Errors
    /// [`crate::Error::OtherSeries`] where it was measured with other settings than `wanted`; [`crate::Error::Damaged`] where its rows are
    /// not those that were written; [`crate::Error::Core`].
    pub(crate) fn read(path: &Path, step: u64, wanted: &SeriesState) -> Result<Option<Self>> {
        let folder = Folder::new(path);
        if !folder.holds(step) {
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
