//! Fits and forecasts.

use std::ops::ControlFlow;
use std::path::PathBuf;

use outcrop_core::table::Streamed;
use outcrop_core::{CurvePoint, Fit, Ratio, Trajectory, open_trajectories};
use outcrop_fit::{FitOptions, TrajectoryFit, Weighting, fit_each};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::columns::{columns, records};
use crate::error::{file, value};
use crate::interrupt::interruptible;

/// Options of a fit by name, as `outcrop.fit` takes them.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Options {
    weights: String,
    hypotheses: Vec<String>,
    draws: usize,
    level: f64,
    curve_points: usize,
}

impl Options {
    fn read(&self) -> PyResult<FitOptions> {
        let weighting = match self.weights.as_str() {
            "raw" => Weighting::Raw,
            "relative" => Weighting::Relative,
            "sem" => Weighting::Sem,
            "robust" => Weighting::Robust,
            other => {
                return Err(value(format!(
                    "read weights={other:?}: allowed are raw, relative, sem and robust"
                )));
            }
        };
        let options = FitOptions::default().with_weighting(weighting);
        let options = options.with_draws(self.draws).map_err(value)?;
        let options = options.with_level(self.level).map_err(value)?;
        let options = options
            .with_curve_points(self.curve_points)
            .map_err(value)?;
        let names: Vec<&str> = self.hypotheses.iter().map(String::as_str).collect();
        match names.is_empty() {
            true => Ok(options),
            false => options.with_hypotheses(&names).map_err(value),
        }
    }
}

/// The trajectory of one model's layer: (model, layer, steps, values, standard errors, none of these where empty).
type Given = (String, u32, Vec<u64>, Vec<f64>, Vec<f64>);

fn trajectory((model, layer, steps, ratios, sem): Given) -> Trajectory {
    Trajectory {
        model,
        layer,
        stage: None,
        steps,
        ratios,
        sem,
    }
}

/// The columns of the fits and those of their curves.
type Tables<'py> = (Bound<'py, PyDict>, Bound<'py, PyDict>);

/// Fits every hypothesis to one trajectory.
#[pyfunction]
pub(crate) fn fit<'py>(py: Python<'py>, given: Given, options: Options) -> PyResult<Tables<'py>> {
    let (trajectory, options) = (trajectory(given), options.read()?);
    let found = interruptible(py, move || outcrop_fit::fit(&trajectory, &options))?;
    tables(py, found)
}

fn tables(py: Python<'_>, found: TrajectoryFit) -> PyResult<Tables<'_>> {
    let (fits, curves): (Vec<Fit>, Vec<CurvePoint>) = (found.fits, found.curves);
    Ok((
        columns(py, &records(&fits)?)?,
        columns(py, &records(&curves)?)?,
    ))
}

/// Fits every layer of a table, a run directory or a results folder.
#[pyfunction]
pub(crate) fn fit_run(py: Python<'_>, path: PathBuf, options: Options) -> PyResult<Tables<'_>> {
    let options = options.read()?;
    let all = interruptible(py, move || all(&path))?.map_err(file)?;
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = stop.clone();
    let done = interruptible(py, move || {
        let mut found = TrajectoryFit::default();
        fit_each(all.into_iter(), &options, |_, one| {
            found.fits.extend(one.fits);
            found.curves.extend(one.curves);
            match stopped.load(std::sync::atomic::Ordering::Relaxed) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        found
    });
    stop.store(done.is_err(), std::sync::atomic::Ordering::Relaxed);
    tables(py, done?)
}

/// The trajectories at a path; rows that cannot be read are an error.
fn all(path: &std::path::Path) -> outcrop_core::Result<Vec<Trajectory>> {
    let mut found = Vec::new();
    for item in open_trajectories(path, Ratio::MeanOverMean)? {
        match item? {
            Streamed::Row(trajectory) => found.push(trajectory),
            Streamed::Problem(problem) => {
                return Err(outcrop_core::Error::parse(
                    path.display().to_string(),
                    problem,
                ));
            }
        }
    }
    Ok(found)
}

/// The trajectories at a path as columns: model, layer, step, ratio, sem.
#[pyfunction]
pub(crate) fn trajectories(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyDict>> {
    let all = py.detach(|| all(&path)).map_err(file)?;
    columns(py, &crate::read::of_trajectories(&all))
}

/// Forecasts a trajectory at `at`.
#[pyfunction]
pub(crate) fn forecast<'py>(
    py: Python<'py>,
    given: Given,
    at: Vec<f64>,
    options: Options,
) -> PyResult<Bound<'py, PyDict>> {
    let (trajectory, options) = (trajectory(given), options.read()?);
    let rows = interruptible(py, move || {
        outcrop_fit::forecast(&trajectory, &at, &options)
    })?;
    columns(py, &records(&rows)?)
}
