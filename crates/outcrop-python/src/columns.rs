//! Rows as columns of NumPy.

use numpy::{PyArray1, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use serde_json::{Map, Value};

/// A row as a flat object, in the order of its columns.
pub(crate) type Record = Map<String, Value>;

/// The columns of `records` by name: whole numbers as int64, other numbers as float64 with NaN for empty cells, truth
/// values as bool, text as a list with None for empty cells.
pub(crate) fn columns<'py>(py: Python<'py>, records: &[Record]) -> PyResult<Bound<'py, PyDict>> {
    let all = PyDict::new(py);
    let mut names: Vec<&String> = Vec::new();
    for record in records {
        for name in record.keys() {
            // most records have the columns of the first
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    for name in names {
        let cells: Vec<&Value> = records
            .iter()
            .map(|record| record.get(name).unwrap_or(&Value::Null))
            .collect();
        all.set_item(name, column(py, &cells)?)?;
    }
    Ok(all)
}

fn column<'py>(py: Python<'py>, cells: &[&Value]) -> PyResult<Bound<'py, PyAny>> {
    if let Some(whole) = every(cells, |cell| cell.as_i64()) {
        return Ok(PyArray1::from_vec(py, whole).into_any());
    }
    if let Some(truths) = every(cells, |cell| cell.as_bool()) {
        return Ok(truths.to_pyarray(py).into_any());
    }
    let number = |cell: &Value| match cell {
        Value::Null => Some(f64::NAN),
        cell => cell.as_f64(),
    };
    if let Some(numbers) = every(cells, number) {
        return Ok(PyArray1::from_vec(py, numbers).into_any());
    }
    let text = cells.iter().map(|cell| match cell {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    });
    Ok(PyList::new(py, text.collect::<Vec<_>>())?.into_any())
}

/// What `of` gives for every cell; none if it gives nothing for one of them, or there is none.
fn every<T>(cells: &[&Value], of: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    match cells.is_empty() {
        true => None,
        false => cells.iter().map(|cell| of(cell)).collect(),
    }
}

/// Rows of any type that serialises to a flat object.
pub(crate) fn records<T: serde::Serialize>(rows: &[T]) -> PyResult<Vec<Record>> {
    let record = |row: &T| match serde_json::to_value(row) {
        Ok(Value::Object(record)) => Ok(record),
        Ok(other) => Err(crate::error::value(format!("write {other} as a row"))),
        Err(error) => Err(crate::error::value(format!("write a row: {error}"))),
    };
    rows.iter().map(record).collect()
}
