use serde::{Deserialize, Serialize};

use super::flat::{Flat, HEADER, REQUIRED};
use crate::Measurement;
use crate::table::Row;

/// A measurement as a row of its table with all columns, for writing in any format.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MeasurementRow(Flat);

impl std::fmt::Debug for MeasurementRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("MeasurementRow").field(&self.key()).finish()
    }
}

impl From<&Measurement> for MeasurementRow {
    fn from(measurement: &Measurement) -> Self {
        Self(measurement.into())
    }
}

impl Row for MeasurementRow {
    const REQUIRED: &'static [&'static str] = &REQUIRED;
    const HEADER: &'static [&'static str] = &HEADER;
    const NAMED: &'static [&'static str] = &["model"];

    fn key(&self) -> String {
        self.0.key()
    }
}
