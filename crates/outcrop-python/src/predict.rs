//! Predictions by the bundled predictor.

use std::sync::OnceLock;

use outcrop_arch::{ArchSpec, KEYS};
use outcrop_core::reject_unknown_keys;
use outcrop_predict::Predictor;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::columns::{columns, records};
use crate::error::value;

/// The predictor that the command uses, too.
fn bundled() -> PyResult<&'static Predictor> {
    static PREDICTOR: OnceLock<Result<Predictor, String>> = OnceLock::new();
    let read = || outcrop::bundled_predictor().map_err(|e| e.to_string());
    PREDICTOR.get_or_init(read).as_ref().map_err(value)
}

/// What is predicted of an architecture: the columns of targets and of curves, the level of the bands, and which
/// features lie outside the range of training.
type Answer<'py> = (
    Bound<'py, PyDict>,
    Bound<'py, PyDict>,
    Option<f64>,
    Vec<String>,
);

/// Predicts the curves of an architecture, given as JSON.
#[pyfunction]
pub(crate) fn predict<'py>(
    py: Python<'py>,
    model: &str,
    arch: &str,
    level: Option<f64>,
    steps: Option<Vec<f64>>,
) -> PyResult<Answer<'py>> {
    let (arch, predictor) = (read(model, arch)?, bundled()?);
    let found = py.detach(|| match level.or(predictor.default_level()) {
        Some(level) => predictor.predict_with_bands(model, &arch, level),
        None => predictor.predict(model, &arch),
    });
    let found = found.map_err(value)?;
    let [first, last] = found.measured().unwrap_or([0.0, 1000.0]);
    let steps = steps.unwrap_or_else(|| dense(first, last));
    let curves = py.detach(|| found.curves(&steps)).map_err(value)?;
    Ok((
        columns(py, &records(&found.rows())?)?,
        columns(py, &records(&curves)?)?,
        found.level(),
        found.outside.iter().map(ToString::to_string).collect(),
    ))
}

/// The architecture in JSON; keys that no architecture has are refused.
fn read(model: &str, json: &str) -> PyResult<ArchSpec> {
    let context = format!("the architecture of {model}");
    let wrong = |e| value(format!("read {context}: {e}"));
    let keys: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).map_err(wrong)?;
    let names = keys.keys().map(String::as_str);
    reject_unknown_keys(&context, names, &KEYS).map_err(value)?;
    serde_json::from_value(keys.into()).map_err(wrong)
}

/// 200 steps from `first` to `last`, evenly spaced in ln(1 + step).
fn dense(first: f64, last: f64) -> Vec<f64> {
    let length = last.ln_1p() - first.ln_1p();
    let step = |i: u32| (first.ln_1p() + length * f64::from(i) / 199.0).exp_m1();
    let inner = (1..199).map(step);
    std::iter::once(first).chain(inner).chain([last]).collect()
}
