//! Recovers the good rows of damaged tables.

use std::collections::BTreeMap;

use outcrop_core::table::{self, MeasurementWriter};
use outcrop_core::{AtomicFile, ExpertShare, Extent, HeadSink, Measurement};

use crate::folder::Folder;
use crate::key;
use crate::rows::{HEADS, MEASUREMENTS, OfStep, ROUTERS, StepRows, all, each_row};
use crate::state::{Good, SeriesState};
use crate::{Error, Result};

/// Keeps the steps up to the first whose rows are not those that were written, and forgets the others, so
/// that they are measured again, in the same order. Returns how many are kept.
pub(crate) fn salvage(folder: &Folder, state: &mut SeriesState) -> Result<usize> {
    let mut left = Left::new(folder, state)?;
    let read = each_row(&folder.file(MEASUREMENTS), |row| left.take(row));
    if read.is_ok() {
        let _ = left.end_step();
    }
    let Left { good, writer, .. } = left;
    writer.finish()?.finish()?;
    table::write_rows(&folder.file(HEADS), &good.heads)?;
    table::write_rows(&folder.file(ROUTERS), &good.experts)?;
    let counts = [
        (MEASUREMENTS, good.rows),
        (HEADS, good.heads.len() as u64),
        (ROUTERS, good.experts.len() as u64),
    ];
    for (name, rows) in counts {
        let path = folder.file(name);
        if rows == 0 {
            let removed = std::fs::remove_file(&path);
            removed.map_err(|e| outcrop_core::Error::io("remove", &path, e))?;
            state.tables.remove(name);
        } else {
            let now = Extent::of(&path, rows)?;
            state.tables.insert(name.into(), Good { now, next: None });
        }
    }
    state.steps.retain(|step, _| good.steps.contains(step));
    if state.steps.is_empty() {
        state.arch_sha256.clear();
    }
    folder.set_state(state)?;
    Ok(good.steps.len())
}

/// The good part, while the rows of a table go by.
struct Left<'a> {
    state: &'a SeriesState,
    heads: BTreeMap<u64, Vec<HeadSink>>,
    experts: BTreeMap<u64, Vec<ExpertShare>>,
    /// Rows of the step that goes by.
    rows: Vec<Measurement>,
    good: Kept,
    writer: MeasurementWriter<AtomicFile>,
}

#[derive(Default)]
struct Kept {
    steps: Vec<u64>,
    rows: u64,
    heads: Vec<HeadSink>,
    experts: Vec<ExpertShare>,
}

/// The rows of a table by step, as far as it can be read.
fn by_step<T: OfStep>(folder: &Folder) -> BTreeMap<u64, Vec<T>> {
    let mut by_step: BTreeMap<u64, Vec<T>> = BTreeMap::new();
    for row in all::<T>(&folder.file(T::TABLE)).unwrap_or_default() {
        by_step.entry(row.step()).or_default().push(row);
    }
    by_step
}

impl<'a> Left<'a> {
    fn new(folder: &Folder, state: &'a SeriesState) -> Result<Self> {
        let file = AtomicFile::create(&folder.file(MEASUREMENTS))?;
        Ok(Self {
            state,
            heads: by_step(folder),
            experts: by_step(folder),
            rows: Vec::new(),
            good: Kept::default(),
            writer: MeasurementWriter::new(file, state.columns())?,
        })
    }

    /// Takes the next row; fails at the first step that is not as it was written.
    fn take(&mut self, row: Measurement) -> Result<()> {
        if self
            .rows
            .first()
            .is_some_and(|first| first.step != row.step)
        {
            self.end_step()?;
        }
        self.rows.push(row);
        Ok(())
    }

    fn end_step(&mut self) -> Result<()> {
        let Some(step) = self.rows.first().map(|row| row.step) else {
            return Ok(());
        };
        let rows = StepRows {
            measurements: std::mem::take(&mut self.rows),
            heads: self.heads.remove(&step).unwrap_or_default(),
            experts: self.experts.remove(&step).unwrap_or_default(),
        };
        let written = self.state.steps.get(&step).and_then(|key| key.rows.clone());
        if written.is_none() || written != Some(key::rows_sha256(&rows)?) {
            return Err(Error::NoCheckpoint(format!("step {step} is damaged")));
        }
        for row in &rows.measurements {
            self.writer.write(row)?;
            self.good.rows += 1;
        }
        self.good.steps.push(step);
        self.good.heads.extend(rows.heads);
        self.good.experts.extend(rows.experts);
        Ok(())
    }
}
