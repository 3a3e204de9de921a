//! Tables from files as columns.

use std::path::{Path, PathBuf};

use outcrop_core::table::{
    self, Loaded, MeasurementRow, Problem, Row, StagedMeasurementRow, StagedObservation,
};
use outcrop_core::{
    CurvePoint, Fit, Forecast, LossPoint, Measurement, ModelScore, NamedArch, Prediction,
    RecipeEffect, Score, TrainingEvent, Trajectory,
};
use ciborium::Value;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::columns::{Record, columns, records};
use crate::error::{file, value};

/// Records of a table and what was wrong with some of its lines.
type Read = PyResult<(Vec<Record>, Vec<Problem>)>;

/// How the table of a name is read.
type Reader = fn(&Path) -> Read;

/// Every table by the name of its file.
const TABLES: [(&str, Reader); 13] = [
    ("measurements", measurements),
    ("trajectories", trajectories),
    ("observables", observations),
    ("loss", rows::<LossPoint>),
    ("events", rows::<TrainingEvent>),
    ("fits", rows::<Fit>),
    ("curves", rows::<CurvePoint>),
    ("forecasts", rows::<Forecast>),
    ("scores", rows::<Score>),
    ("model_scores", rows::<ModelScore>),
    ("predictions", rows::<Prediction>),
    ("effects", rows::<RecipeEffect>),
    ("architectures", architectures),
];

/// The columns of the table `kind` in the file at `path`, and what was wrong with some of its lines.
#[pyfunction]
pub(crate) fn read<'py>(
    py: Python<'py>,
    path: PathBuf,
    kind: &str,
) -> PyResult<(Bound<'py, PyDict>, Vec<String>)> {
    let Some((_, reader)) = TABLES.iter().find(|(name, _)| *name == kind) else {
        let known: Vec<&str> = TABLES.iter().map(|(name, _)| *name).collect();
        let known = known.join(", ");
        return Err(value(format!(
            "read {} as the table {kind:?}; known are {known}",
            path.display()
        )));
    };
    let (records, problems) = py.detach(|| reader(&path))?;
    let problems = problems.iter().map(ToString::to_string).collect();
    Ok((columns(py, &records)?, problems))
}

fn rows<T: Row>(path: &Path) -> Read {
    let Loaded { rows, problems } = table::read_rows::<T>(path).map_err(file)?;
    Ok((records(&rows)?, problems))
}

fn measurements(path: &Path) -> Read {
    let Loaded { rows, problems } = table::measurements(path).map_err(file)?;
    let staged = rows.iter().any(|row| row.stage.is_some());
    let records = match staged {
        true => records(&convert::<StagedMeasurementRow>(&rows))?,
        false => records(&convert::<MeasurementRow>(&rows))?,
    };
    Ok((records, problems))
}

fn convert<'a, T: From<&'a Measurement>>(rows: &'a [Measurement]) -> Vec<T> {
    rows.iter().map(T::from).collect()
}

fn observations(path: &Path) -> Read {
    let Loaded { rows, problems } = table::observations(path).map_err(file)?;
    let staged = rows.iter().any(|row| row.stage.is_some());
    let records = match staged {
        true => records(&rows.into_iter().map(StagedObservation).collect::<Vec<_>>())?,
        false => records(&rows)?,
    };
    Ok((records, problems))
}

fn trajectories(path: &Path) -> Read {
    let Loaded { rows, problems } = table::trajectories(path).map_err(file)?;
    Ok((of_trajectories(&rows), problems))
}

/// A record a point.
pub(crate) fn of_trajectories(all: &[Trajectory]) -> Vec<Record> {
    let mut records = Vec::new();
    for one in all {
        for (i, (step, ratio)) in one.steps.iter().zip(&one.ratios).enumerate() {
            let sem = one.sem.get(i).map_or(Value::Null, |sem| (*sem).into());
            let cells: [(&str, Value); 5] = [
                ("model", one.model.clone().into()),
                ("layer", one.layer.into()),
                ("step", (*step).into()),
                ("ratio", (*ratio).into()),
                ("sem", sem),
            ];
            records.push(cells.map(|(name, cell)| (name.to_owned(), cell)).into());
        }
    }
    records
}

/// A record an architecture: its keys. Those with several values are text, JSON.
fn architectures(path: &Path) -> Read {
    let Loaded { rows, problems } = table::architectures(path).map_err(file)?;
    let record = |named: &NamedArch| {
        let keys = records(std::slice::from_ref(&named.arch))?;
        let model = ("model".to_owned(), named.model.clone().into());
        Ok([model].into_iter().chain(keys.into_iter().flatten()).collect())
    };
    Ok((rows.iter().map(record).collect::<PyResult<_>>()?, problems))
}
