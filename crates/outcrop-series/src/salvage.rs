//! Recovers the good rows of damaged tables.

use std::collections::BTreeMap;

use outcrop_core::table::{self, MeasurementWriter};
use outcrop_core::{AtomicFile, Extent, HeadSink, Measurement};

use crate::folder::Folder;
use crate::key;
use crate::rows::{HEADS, MEASUREMENTS, each_row, heads};
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
    let (rows, sinks): (u64, Vec<HeadSink>) = (good.rows, good.heads);
    writer.finish()?.finish()?;
    table::write_rows(&folder.file(HEADS), &sinks)?;
    let counts = [(MEASUREMENTS, rows), (HEADS, sinks.len() as u64)];
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
}

impl<'a> Left<'a> {
    fn new(folder: &Folder, state: &'a SeriesState) -> Result<Self> {
        let mut by_step: BTreeMap<u64, Vec<HeadSink>> = BTreeMap::new();
        for head in heads(&folder.file(HEADS)).unwrap_or_default() {
            by_step.entry(head.step).or_default().push(head);
        }
        let file = AtomicFile::create(&folder.file(MEASUREMENTS))?;
        Ok(Self {
            state,
            heads: by_step,
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
        let sinks = self.heads.remove(&step).unwrap_or_default();
        let written = self.state.steps.get(&step).and_then(|key| key.rows.clone());
        if written.is_none() || written != Some(key::rows_sha256(&self.rows, &sinks)?) {
            return Err(Error::NoCheckpoint(format!("step {step} is damaged")));
        }
        for row in self.rows.drain(..) {
            self.writer.write(&row)?;
            self.good.rows += 1;
        }
        self.good.steps.push(step);
        self.good.heads.extend(sinks);
        Ok(())
    }
}
