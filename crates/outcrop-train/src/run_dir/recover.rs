//! The point from which an interrupted run resumes.

use std::path::{Path, PathBuf};

use outcrop_checkpoint::{clean, series, verify};
use outcrop_core::{Error as CoreError, Extent, LossPoint, table};

use super::tables::{LOSS, MEASUREMENTS, TABLES};
use super::{Extents, RunDir};
use crate::{Event, Observer, Result, RunSpec};

/// The point from which a run resumes.
#[derive(Debug, Default)]
pub(crate) struct Recovered {
    /// Step and folder of the checkpoint; none: from the start.
    pub(crate) checkpoint: Option<(u64, PathBuf)>,
    /// How much of the tables was there when it was written.
    pub(crate) tables: Extents,
}

impl RunDir {
    /// The newest checkpoint that verifies and whose rows are in the tables as they were. To `repair`
    /// means to go back before the first checkpoint that is gone or damaged, too.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::Error::Damaged) for tables that lost rows of a good checkpoint, unless it
    /// is to be repaired.
    pub(crate) fn recover(
        &self,
        spec: &RunSpec,
        repair: bool,
        observer: &mut dyn Observer,
    ) -> Result<Recovered> {
        let checkpoints = self.checkpoints();
        if !checkpoints.exists() {
            return Ok(Recovered::default());
        }
        clean(&checkpoints)?;
        let mut candidates = series(&checkpoints)?;
        if repair {
            let newest = candidates.last().map_or(0, |(step, _)| *step);
            let bad = self.bad_checkpoints(spec, newest)?;
            if let Some((first, _)) = bad.first_key_value() {
                candidates.retain(|(step, _)| step < first);
            }
            bad.values().for_each(|words| warn(words, observer));
        }
        for (step, folder) in candidates.into_iter().rev() {
            if let Err(reason) = verify(&folder) {
                let path = folder.display();
                warn(
                    &format!("checkpoint {path} was skipped: {reason}"),
                    observer,
                );
                continue;
            }
            let words = match self.tables_at(&folder, spec, step)? {
                Ok(tables) => {
                    let checkpoint = Some((step, folder));
                    return Ok(Recovered { checkpoint, tables });
                }
                Err(words) if !repair => return Err(self.damaged(words)),
                Err(words) => words,
            };
            warn(&format!("not from step {step}: {words}"), observer);
        }
        Ok(Recovered::default())
    }

    /// How much of the tables was there when the checkpoint of `step` was written, or what is missing of
    /// it, in words.
    fn tables_at(
        &self,
        folder: &Path,
        spec: &RunSpec,
        step: u64,
    ) -> Result<std::result::Result<Extents, String>> {
        if let Some(tables) = written_with(folder)? {
            let altered = self.altered(&tables, false)?;
            return Ok(match altered.is_empty() {
                true => Ok(tables),
                false => Err(altered.join("; ")),
            });
        }
        match self.missing_rows(spec, step)? {
            Some(words) => Ok(Err(words)),
            None => Ok(Ok(self.rewind(step)?)),
        }
    }

    /// Drops the rows behind `step`: for a checkpoint of an earlier version, which does not say how much
    /// of the tables was there.
    fn rewind(&self, step: u64) -> Result<Extents> {
        let mut measurements = table::measurements(&self.measurements())?.rows;
        measurements.retain(|row| row.step <= step);
        table::write_measurements(&self.measurements(), &measurements)?;
        let mut losses = table::read_rows::<LossPoint>(&self.loss())?.rows;
        losses.retain(|row| row.step <= step);
        table::write_rows(&self.loss(), &losses)?;
        let of = |path: &Path, rows: usize| Extent::of(path, rows as u64);
        Ok(Extents::from([
            (
                MEASUREMENTS.into(),
                of(&self.measurements(), measurements.len())?,
            ),
            (LOSS.into(), of(&self.loss(), losses.len())?),
        ]))
    }
}

/// The extents of the tables in a checkpoint; none if an earlier version wrote it.
fn written_with(folder: &Path) -> Result<Option<Extents>> {
    let path = folder.join(TABLES);
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&path).map_err(|e| CoreError::io("read", &path, e))?;
    let parsed = serde_json::from_str(&text);
    Ok(parsed.map_err(|e| CoreError::parse(path.display().to_string(), e))?)
}

fn warn(text: &str, observer: &mut dyn Observer) {
    observer.event(&Event::Warning(text));
}
