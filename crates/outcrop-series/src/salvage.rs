//! Recovers the good rows of damaged tables.

use std::collections::BTreeMap;

use outcrop_core::table::{self, MeasurementWriter, StagedObservation, Streamed};
use outcrop_core::{AtomicFile, ExpertShare, Extent, HeadSink, Measurement, Observation};

use crate::folder::Folder;
use crate::key;
use crate::rows::{
    HEADS, MEASUREMENTS, OBSERVABLES, ObservationWriter, OfStep, ROUTERS, StepRows, each, each_row,
    stream,
};
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
    let Left {
        good,
        writer,
        observations,
        ..
    } = left;
    writer.finish()?.finish()?;
    observations.writer.finish()?.finish()?;
    table::write_rows(&folder.file(HEADS), &good.heads)?;
    table::write_rows(&folder.file(ROUTERS), &good.experts)?;
    let counts = [
        (MEASUREMENTS, good.rows),
        (HEADS, good.heads.len() as u64),
        (ROUTERS, good.experts.len() as u64),
        (OBSERVABLES, good.observations),
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
    observations: Observations,
}

/// The table of observables, which is too large to be held: read and written step by step.
struct Observations {
    rows: Box<dyn Iterator<Item = Observation>>,
    /// A row of the step that comes next.
    next: Option<Observation>,
    writer: ObservationWriter<AtomicFile>,
}

impl Observations {
    fn open(folder: &Folder, staged: bool) -> Result<Self> {
        let path = folder.file(OBSERVABLES);
        let rows = stream::<StagedObservation>(&path).ok().flatten();
        let rows = rows.into_iter().flatten();
        let rows = rows.map_while(std::result::Result::ok);
        Ok(Self {
            rows: Box::new(rows.filter_map(|item| match item {
                Streamed::Row(row) => Some(row.0),
                Streamed::Problem(_) => None,
            })),
            next: None,
            writer: ObservationWriter::new(AtomicFile::create(&path)?, staged),
        })
    }

    /// The rows of a step, where they come next.
    fn of(&mut self, step: u64) -> Vec<Observation> {
        let mut found = Vec::new();
        while let Some(row) = self.next.take().or_else(|| self.rows.next()) {
            if row.step != step {
                self.next = Some(row);
                break;
            }
            found.push(row);
        }
        found
    }
}

#[derive(Default)]
struct Kept {
    steps: Vec<u64>,
    rows: u64,
    heads: Vec<HeadSink>,
    experts: Vec<ExpertShare>,
    observations: u64,
}

/// The rows of a table by step, as far as it can be read.
fn by_step<T: OfStep>(folder: &Folder) -> BTreeMap<u64, Vec<T>> {
    let mut by_step: BTreeMap<u64, Vec<T>> = BTreeMap::new();
    // what cannot be read is measured again
    let _ = each::<T>(&folder.file(T::TABLE), |row| {
        by_step.entry(row.step()).or_default().push(row);
        Ok(())
    });
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
            observations: Observations::open(folder, state.row_stage().is_some())?,
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
            observations: self.observations.of(step),
            ..StepRows::default()
        };
        let written = self.state.steps.get(&step).and_then(|key| key.rows.clone());
        if written.is_none() || written != Some(key::rows_sha256(&rows)?) {
            return Err(Error::NoCheckpoint(format!("step {step} is damaged")));
        }
        for row in &rows.measurements {
            self.writer.write(row)?;
            self.good.rows += 1;
        }
        for row in &rows.observations {
            self.observations.writer.write(row)?;
            self.good.observations += 1;
        }
        self.good.steps.push(step);
        self.good.heads.extend(rows.heads);
        self.good.experts.extend(rows.experts);
        Ok(())
    }
}
