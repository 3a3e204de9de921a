//! Statistics and observables of a hidden state.

use outcrop_core::{Detail, LayerStats, Top};
use outcrop_measure::Meter;
use outcrop_observe::{Compute, Missing, Observable, Sample, Site, View, select};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::array::Scalars;
use crate::error::value;

/// What is measured of one hidden state.
struct Found {
    stats: LayerStats,
    detail: Detail,
    top: Vec<Top>,
    observed: Vec<(&'static str, Result<f64, Missing>)>,
}

/// The statistics of every sequence of an array [sequences, positions, channels]: a list of dictionaries.
#[pyfunction]
pub(crate) fn measure<'py>(
    py: Python<'py>,
    array: &Bound<'py, PyAny>,
    format: &str,
    k: usize,
    observables: &str,
) -> PyResult<Bound<'py, PyList>> {
    let scalars = Scalars::borrow(array, format)?;
    let &[sequences, positions, channels] = scalars.shape() else {
        return Err(PyValueError::new_err("three dimensions are needed"));
    };
    let chosen = chosen(observables)?;
    let all = scalars.slice()?;
    let found = py.detach(|| {
        let mut meter = Meter::new();
        let length = positions * channels;
        let one = |sequence: usize| {
            let hidden = all.part(sequence * length, (sequence + 1) * length);
            of_one(&mut meter, &hidden, channels, k, &chosen)
        };
        (0..sequences).map(one).collect::<Result<Vec<_>, _>>()
    });
    let dictionaries = found.map_err(value)?;
    let dictionaries = dictionaries.iter().map(|found| dictionary(py, found));
    PyList::new(py, dictionaries.collect::<PyResult<Vec<_>>>()?)
}

fn of_one(
    meter: &mut Meter,
    hidden: &[f32],
    channels: usize,
    k: usize,
    chosen: &[&'static Observable],
) -> Result<Found, String> {
    let (stats, detail) = meter
        .measure_detail(hidden, channels)
        .map_err(|e| e.to_string())?;
    let top = meter
        .top_k(hidden, channels, k)
        .map_err(|e| e.to_string())?;
    let view = View::new(hidden, channels).map_err(|e| e.to_string())?;
    let sample = Sample::new(view);
    let numbers = |one: &&'static Observable| {
        let names = one.columns.iter().map(|column| column.name);
        names.zip(one.observe(&sample)).collect::<Vec<_>>()
    };
    Ok(Found {
        stats,
        detail,
        top,
        observed: chosen.iter().flat_map(numbers).collect(),
    })
}

/// The observables of a list of names that are computed of a hidden state alone.
fn chosen(names: &str) -> PyResult<Vec<&'static Observable>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let all = select(names).map_err(value)?;
    let chosen: Vec<_> = all.into_iter().filter(|one| is_of_states(one)).collect();
    match chosen.is_empty() {
        true => Err(PyValueError::new_err(format!(
            "observables={names:?}: none of them is of a hidden state alone; see outcrop.observables()"
        ))),
        false => Ok(chosen),
    }
}

/// Whether it is computed of a hidden state, and at least in part of that alone.
fn is_of_states(one: &Observable) -> bool {
    let of_state = one.sites.contains(&Site::ResidualStream);
    let alone = one.needs.is_empty() || one.needs.starts_with("for ");
    of_state && alone && !matches!(one.compute, Compute::Attention(_))
}

fn dictionary<'py>(py: Python<'py>, found: &Found) -> PyResult<Bound<'py, PyDict>> {
    let place = |top: &Top| (top.magnitude, top.place.position, top.place.channel);
    let all = PyDict::new(py);
    all.set_item("top", found.top.iter().map(place).collect::<Vec<_>>())?;
    all.set_item("median", found.stats.median)?;
    all.set_item("ratio", found.stats.ratio())?;
    all.set_item("count", found.stats.count)?;
    all.set_item("non_finite", found.stats.non_finite)?;
    all.set_item("massive", found.detail.massive)?;
    let spread = found.detail.spread;
    all.set_item("rms", spread.map(|s| s.rms))?;
    all.set_item("kurtosis", spread.and_then(|s| s.kurtosis))?;
    all.set_item("channel_kurtosis", spread.and_then(|s| s.channel_kurtosis))?;
    let (values, reasons) = (PyDict::new(py), PyDict::new(py));
    for (name, number) in &found.observed {
        match number {
            Ok(number) => values.set_item(name, number)?,
            Err(missing) => reasons.set_item(name, missing.meaning())?,
        }
    }
    all.set_item("observables", values)?;
    all.set_item("missing", reasons)?;
    Ok(all)
}

/// Name and family of an observable, names of its numbers, and in words its convention, cost and source.
type About = (
    &'static str,
    &'static str,
    Vec<&'static str>,
    [&'static str; 3],
);

/// The observables of a hidden state.
#[pyfunction]
pub(crate) fn observables() -> Vec<About> {
    let about = |one: &'static Observable| {
        let numbers = one.columns.iter().map(|column| column.name).collect();
        let words = [one.convention, one.cost, one.source];
        (one.name, one.family, numbers, words)
    };
    let all = outcrop_observe::OBSERVABLES.into_iter();
    all.filter(|one| is_of_states(one)).map(about).collect()
}
