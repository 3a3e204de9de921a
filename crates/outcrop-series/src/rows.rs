//! The rows of the tables of a series.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use outcrop_core::table::Row;
use outcrop_core::table::{self, RowWriter, StagedObservation, Streamed};
use outcrop_core::{Error as CoreError, ExpertShare, HeadSink, Measurement, Observation};
use outcrop_forward::{StepChannels, StepKernels};

use crate::Result;

pub(crate) const MEASUREMENTS: &str = "measurements.csv";
pub(crate) const HEADS: &str = "heads.csv";
pub(crate) const ROUTERS: &str = "routers.csv";
pub(crate) const OBSERVABLES: &str = "observables.csv";

/// What one step gave.
#[derive(Debug, Default)]
pub(crate) struct StepRows {
    pub(crate) measurements: Vec<Measurement>,
    /// Attention sinks, where they were asked for.
    pub(crate) heads: Vec<HeadSink>,
    /// What routers did, in a mixture of experts.
    pub(crate) experts: Vec<ExpertShare>,
    /// Observables, where they were asked for.
    pub(crate) observations: Vec<Observation>,
    /// What other steps are compared with.
    pub(crate) channels: Option<StepChannels>,
    pub(crate) kernels: Option<StepKernels>,
}

/// A row of a table beside the measurements.
pub(crate) trait OfStep: Row {
    /// The table.
    const TABLE: &'static str;

    fn step(&self) -> u64;
}

impl OfStep for HeadSink {
    const TABLE: &'static str = HEADS;

    fn step(&self) -> u64 {
        self.step
    }
}

impl OfStep for ExpertShare {
    const TABLE: &'static str = ROUTERS;

    fn step(&self) -> u64 {
        self.step
    }
}

impl OfStep for Observation {
    const TABLE: &'static str = OBSERVABLES;

    fn step(&self) -> u64 {
        self.step
    }
}

impl OfStep for StagedObservation {
    const TABLE: &'static str = OBSERVABLES;

    fn step(&self) -> u64 {
        self.0.step
    }
}

/// A row of observables, with columns of stages or without.
pub(crate) trait Observed: OfStep {
    /// The observation.
    fn inner(&mut self) -> &mut Observation;
}

impl Observed for Observation {
    fn inner(&mut self) -> &mut Observation {
        self
    }
}

impl Observed for StagedObservation {
    fn inner(&mut self) -> &mut Observation {
        &mut self.0
    }
}

/// Writes observables, with columns of stages or without.
pub(crate) enum ObservationWriter<W: Write> {
    Plain(RowWriter<W, Observation>),
    Staged(RowWriter<W, StagedObservation>),
}

impl<W: Write> ObservationWriter<W> {
    pub(crate) fn new(file: W, staged: bool) -> Self {
        match staged {
            true => Self::Staged(RowWriter::new(file)),
            false => Self::Plain(RowWriter::new(file)),
        }
    }

    pub(crate) fn write(&mut self, row: &Observation) -> outcrop_core::Result<()> {
        match self {
            Self::Plain(writer) => writer.write(row),
            Self::Staged(writer) => writer.write(&StagedObservation(row.clone())),
        }
    }

    pub(crate) fn finish(self) -> outcrop_core::Result<W> {
        match self {
            Self::Plain(writer) => writer.finish(),
            Self::Staged(writer) => writer.finish(),
        }
    }
}

/// A table row by row; none where there is no table.
pub(crate) fn stream<T: Row>(
    path: &Path,
) -> Result<Option<impl Iterator<Item = outcrop_core::Result<Streamed<T>>> + use<T>>> {
    if !path.exists() {
        return Ok(None);
    }
    let file = File::open(path).map_err(|e| CoreError::io("read", path, e))?;
    let file = std::io::BufReader::new(file);
    let rows = table::stream_rows::<T, _>(file, &path.display().to_string())?;
    Ok(Some(rows))
}

/// The good rows of a table, one at a time; none where there is no table.
pub(crate) fn each<T: Row>(path: &Path, mut each: impl FnMut(T) -> Result<()>) -> Result<()> {
    for item in stream::<T>(path)?.into_iter().flatten() {
        if let Streamed::Row(row) = item? {
            each(row)?;
        }
    }
    Ok(())
}

/// The good rows of one step.
pub(crate) fn of_step<T: OfStep>(path: &Path, step: u64) -> Result<Vec<T>> {
    let mut rows = Vec::new();
    each::<T>(path, |row| {
        if row.step() == step {
            rows.push(row);
        }
        Ok(())
    })?;
    Ok(rows)
}

/// The good rows of a measurements table, one at a time; none where there is no table.
pub(crate) fn each_row(path: &Path, mut each: impl FnMut(Measurement) -> Result<()>) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let file = File::open(path).map_err(|e| CoreError::io("read", path, e))?;
    let file = std::io::BufReader::new(file);
    for item in table::measurement_stream(file, &path.display().to_string())? {
        if let Streamed::Row(row) = item? {
            each(row)?;
        }
    }
    Ok(())
}
