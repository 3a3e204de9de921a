use serde::{Deserialize, Serialize};

use super::flat::{Flat, HEADER, REQUIRED, STAGED, Staged};
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

/// As [`MeasurementRow`], with the columns of stages, for runs that have several.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StagedMeasurementRow(Staged);

impl std::fmt::Debug for StagedMeasurementRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("StagedMeasurementRow")
            .field(&self.key())
            .finish()
    }
}

impl From<&Measurement> for StagedMeasurementRow {
    fn from(measurement: &Measurement) -> Self {
        Self(measurement.into())
    }
}

impl Row for StagedMeasurementRow {
    const REQUIRED: &'static [&'static str] = &REQUIRED;
    const HEADER: &'static [&'static str] = &STAGED;
    const NAMED: &'static [&'static str] = &["model"];

    fn key(&self) -> String {
        self.0.key()
    }
}
