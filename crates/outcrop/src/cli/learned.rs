//! The training data and options of `predict`, `explain` and `design`.

use std::path::Path;

use outcrop_arch::ArchSpec;
use outcrop_core::table::{self, Streamed};
use outcrop_core::{Fit, NamedArch, Trajectory, TrajectoryOptions, open_trajectories};
use outcrop_predict::{Feature, PredictOptions, Recipe as Learned, TableSource};

use super::folders::{architectures, is_measured, runs_in};
use super::input::good_rows;
use super::output::say;
use super::voice::detail;
use crate::Result;
use crate::fits as fits_table;
use crate::pipeline::{Atlas, Recipe, fit_all, in_order};

/// The architectures and fits of a results folder, a run directory or a folder of run directories.
/// Rows that cannot be read are named and left out; a folder without fits.csv is fitted now.
pub(super) fn source(folder: &Path) -> Result<TableSource> {
    Atlas::read(folder)?;
    let archs: Vec<NamedArch> = in_order(architectures(folder)?);
    let fits = fits(folder)?;
    detail(|| {
        let (name, archs, fits) = (folder.display(), archs.len(), fits.len());
        format!("{name}: {archs} architectures, {fits} fits")
    });
    Ok(TableSource {
        name: folder.display().to_string(),
        archs,
        fits,
        trajectories: Vec::new(),
        recipes: recipes(folder)?,
    })
}

/// How each model was trained, and on what, where the folder says so.
fn recipes(folder: &Path) -> Result<Vec<(String, Learned)>> {
    let recipes = recipes_csv(folder)?.into_iter();
    Ok(recipes.map(|r| (r.model.clone(), r.learned())).collect())
}

/// The rows of the table of recipes; none without such a table.
pub(super) fn recipes_csv(folder: &Path) -> Result<Vec<Recipe>> {
    match table::in_folder(folder, "recipes") {
        Some(table) => good_rows(&table, table::read_rows::<Recipe>(&table)?),
        None => Ok(Vec::new()),
    }
}

fn fits(folder: &Path) -> Result<Vec<Fit>> {
    if let Some(table) = table::in_folder(folder, "fits") {
        detail(|| format!("reading {}", table.display()));
        return good_rows(&table, fits_table::read(&table)?);
    }
    let runs = runs_in(folder)?;
    if is_measured(folder) {
        return fit_now(folder);
    }
    if runs.is_empty() {
        let table = folder.join("fits.csv"); // its absence is the error
        return good_rows(&table, fits_table::read(&table)?);
    }
    let of_run = |run: &std::path::PathBuf| fits(run);
    Ok(runs
        .iter()
        .map(of_run)
        .collect::<Result<Vec<_>>>()?
        .concat())
}

/// Fits the measurements.
fn fit_now(folder: &Path) -> Result<Vec<Fit>> {
    let trajectories = trajectories(folder)?;
    say(&format!(
        "{} has no fits.csv: fitting its {} layers now",
        folder.display(),
        trajectories.len()
    ));
    Ok(fit_all(&trajectories).0)
}

/// The same with the measured ratios, where the folder has any.
pub(super) fn measured_source(folder: &Path) -> Result<TableSource> {
    Ok(TableSource {
        trajectories: trajectories(folder)?,
        ..source(folder)?
    })
}

fn trajectories(folder: &Path) -> Result<Vec<Trajectory>> {
    if !is_measured(folder) {
        let runs = runs_in(folder)?;
        let of_runs = runs.iter().map(|run| trajectories(run));
        return Ok(of_runs.collect::<Result<Vec<_>>>()?.concat());
    }
    let items = open_trajectories(folder, TrajectoryOptions::default())?;
    let mut trajectories = Vec::new();
    for item in items {
        match item? {
            Streamed::Row(trajectory) => trajectories.push(trajectory),
            Streamed::Problem(problem) => say(&format!("warning: {problem}")),
        }
    }
    Ok(trajectories)
}

/// The shape of an architecture by the names of its spec.
pub(super) fn shape(arch: &ArchSpec) -> String {
    let kv_heads = match arch.kv_heads == arch.heads {
        true => String::new(),
        false => format!(", kv_heads {}", arch.kv_heads),
    };
    format!(
        "{} layers, d_model {}, heads {}{kv_heads}, d_head {}, d_ff {}",
        arch.layers,
        arch.d_model,
        arch.heads,
        arch.d_head(),
        arch.d_ff
    )
}

/// The options with the features of these names, or the default ones where none is named.
pub(super) fn options(features: &[String], seed: u64) -> Result<PredictOptions> {
    let named = features
        .iter()
        .map(|name| Feature::from_name(name.trim()))
        .collect::<Result<Vec<_>, _>>()?;
    let mut options = PredictOptions {
        seed,
        ..PredictOptions::default()
    };
    if !named.is_empty() {
        options.features = named;
    }
    Ok(options)
}
