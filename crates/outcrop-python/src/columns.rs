//! Rows as columns of NumPy.

use std::collections::HashSet;

use ciborium::Value;
use numpy::{PyArray1, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// A row as a flat object, in the order of its columns. JSON would have no infinite numbers, which open ends of intervals are.
pub(crate) type Record = Vec<(String, Value)>;

/// The columns of `records` by name: whole numbers as int64, other numbers as float64 with NaN for empty cells, truth
/// values as bool, text as a list with None for empty cells.
pub(crate) fn columns<'py>(py: Python<'py>, records: &[Record]) -> PyResult<Bound<'py, PyDict>> {
    let all = PyDict::new(py);
    let (mut names, mut known) = (Vec::new(), HashSet::new());
    for (name, _) in records.iter().flatten() {
        if known.insert(name) {
            names.push(name);
        }
    }
    for name in names {
        let cell = |record: &Record| record.iter().position(|(other, _)| other == name);
        let cells: Vec<&Value> = records
            .iter()
            .map(|record| cell(record).map_or(&Value::Null, |at| &record[at].1))
            .collect();
        all.set_item(name, column(py, &cells)?)?;
    }
    Ok(all)
}

fn column<'py>(py: Python<'py>, cells: &[&Value]) -> PyResult<Bound<'py, PyAny>> {
    let whole = |cell: &Value| i64::try_from(cell.as_integer()?).ok();
    if let Some(whole) = every(cells, whole) {
        return Ok(PyArray1::from_vec(py, whole).into_any());
    }
    if let Some(truths) = every(cells, Value::as_bool) {
        return Ok(truths.to_pyarray(py).into_any());
    }
    let number = |cell: &Value| match cell {
        Value::Null => Some(f64::NAN),
        Value::Integer(whole) => Some(i128::from(*whole) as f64),
        cell => cell.as_float(),
    };
    if let Some(numbers) = every(cells, number) {
        return Ok(PyArray1::from_vec(py, numbers).into_any());
    }
    let text = cells.iter().map(|cell| match cell {
        Value::Null => Ok(None),
        Value::Text(text) => Ok(Some(text.clone())),
        other => other.deserialized().map(|json: serde_json::Value| Some(json.to_string())),
    });
    let text = text.collect::<Result<Vec<_>, _>>();
    let text = text.map_err(|error| crate::error::value(format!("write a cell: {error}")))?;
    Ok(PyList::new(py, text)?.into_any())
}

/// What `of` gives for every cell; none if it gives nothing for one of them, or there is none.
fn every<T>(cells: &[&Value], of: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    match cells.is_empty() {
        true => None,
        false => cells.iter().map(|cell| of(cell)).collect(),
    }
}

/// Rows of any type that serialises to an object.
pub(crate) fn records<T: serde::Serialize>(rows: &[T]) -> PyResult<Vec<Record>> {
    let failed = |what: String| crate::error::value(format!("write a row: {what}"));
    let record = |row: &T| {
        let value = Value::serialized(row).map_err(|error| failed(error.to_string()))?;
        let cells = value.into_map().map_err(|other| failed(format!("{other:?}")))?;
        let named = cells.into_iter().map(|(name, cell)| match name {
            Value::Text(name) => Ok((name, cell)),
            other => Err(failed(format!("{other:?} is no name of a column"))),
        });
        named.collect()
    };
    rows.iter().map(record).collect()
}
