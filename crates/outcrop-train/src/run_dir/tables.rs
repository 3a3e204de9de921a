//! The tables of a run, which grow while it trains.

use std::collections::BTreeMap;

use outcrop_core::{Extent, GrowingTable, LossPoint, Measurement, Observation, table};

use super::RunDir;
use crate::Result;

/// How much of each file of a run directory is good, by name.
pub type Extents = BTreeMap<String, Extent>;

pub(super) const MEASUREMENTS: &str = "measurements.csv";
/// Where a checkpoint says how much of the tables was there when it was written.
pub(crate) const TABLES: &str = "resume/tables.json";
pub(super) const LOSS: &str = "loss.csv";
const OBSERVABLES: &str = "observables.csv";

/// Measurements, losses and, where a run has them, observables, open for appending.
#[derive(Debug)]
pub(crate) struct Tables {
    measurements: GrowingTable,
    loss: GrowingTable,
    observables: Option<GrowingTable>,
}

impl Tables {
    /// Opens the tables of `dir`, cut back to `good`; that of observables where the run `observes`.
    pub(crate) fn open(dir: &RunDir, good: &Extents, observes: bool) -> Result<Self> {
        let open = |name: &str| {
            let nothing = Extent::default();
            GrowingTable::open(&dir.path().join(name), good.get(name).unwrap_or(&nothing))
        };
        Ok(Self {
            measurements: open(MEASUREMENTS)?,
            loss: open(LOSS)?,
            observables: observes.then(|| open(OBSERVABLES)).transpose()?,
        })
    }

    /// Appends the rows of one step, losses last.
    pub(crate) fn append(
        &mut self,
        rows: &[Measurement],
        observed: &[Observation],
        loss: &LossPoint,
    ) -> Result<()> {
        table::append_measurements(&mut self.measurements, rows)?;
        self.append_observed(observed)?;
        Ok(table::append_rows(
            &mut self.loss,
            std::slice::from_ref(loss),
        )?)
    }

    /// Appends observables alone.
    pub(crate) fn append_observed(&mut self, rows: &[Observation]) -> Result<()> {
        match &mut self.observables {
            Some(observables) if !rows.is_empty() => Ok(table::append_rows(observables, rows)?),
            Some(_) | None => Ok(()),
        }
    }

    /// Makes what was appended outlast a power cut. A checkpoint or a state that says how much is good
    /// is written after this.
    pub(crate) fn commit(&mut self) -> Result<Extents> {
        let mut extents = Extents::from([
            (MEASUREMENTS.into(), self.measurements.commit()?),
            (LOSS.into(), self.loss.commit()?),
        ]);
        if let Some(observables) = &mut self.observables {
            extents.insert(OBSERVABLES.into(), observables.commit()?);
        }
        Ok(extents)
    }
}
