//! The tables of a run, which grow while it trains.

use std::collections::BTreeMap;

use outcrop_core::{Extent, GrowingTable, LossPoint, Measurement, table};

use super::RunDir;
use crate::Result;

/// How much of each file of a run directory is good, by name.
pub type Extents = BTreeMap<String, Extent>;

pub(super) const MEASUREMENTS: &str = "measurements.csv";
/// Where a checkpoint says how much of the tables was there when it was written.
pub(crate) const TABLES: &str = "resume/tables.json";
pub(super) const LOSS: &str = "loss.csv";

/// Measurements and losses, open for appending.
#[derive(Debug)]
pub(crate) struct Tables {
    measurements: GrowingTable,
    loss: GrowingTable,
}

impl Tables {
    /// Opens the tables of `dir`, cut back to `good`.
    pub(crate) fn open(dir: &RunDir, good: &Extents) -> Result<Self> {
        let open = |name: &str| {
            let nothing = Extent::default();
            GrowingTable::open(&dir.path().join(name), good.get(name).unwrap_or(&nothing))
        };
        Ok(Self {
            measurements: open(MEASUREMENTS)?,
            loss: open(LOSS)?,
        })
    }

    /// Appends the rows of one step, measurements first.
    pub(crate) fn append(&mut self, rows: &[Measurement], loss: &LossPoint) -> Result<()> {
        table::append_measurements(&mut self.measurements, rows)?;
        Ok(table::append_rows(
            &mut self.loss,
            std::slice::from_ref(loss),
        )?)
    }

    /// Makes what was appended outlast a power cut. A checkpoint or a state that says how much is good
    /// is written after this.
    pub(crate) fn commit(&mut self) -> Result<Extents> {
        Ok(Extents::from([
            (MEASUREMENTS.into(), self.measurements.commit()?),
            (LOSS.into(), self.loss.commit()?),
        ]))
    }
}
