//! What `predict`, `explain` and `design` learn from, and with what.

use std::path::Path;

use outcrop_core::table;
use outcrop_core::{Fit, NamedArch, Trajectory, TrajectoryOptions, open_trajectories};
use outcrop_predict::{Feature, Options, Source};

use super::folders::{architectures, runs_in};
use super::input::good_rows;
use super::output::say;
use super::voice::detail;
use crate::Result;
use crate::pipeline::fit_all;

/// The architectures and fits of a results folder, a run directory or a folder of run directories.
/// Rows that cannot be read are named and left out; what has no fits.csv is fitted now.
pub(super) fn source(folder: &Path) -> Result<Source> {
    let archs: Vec<NamedArch> = architectures(folder)?;
    let fits = fits(folder)?;
    detail(|| {
        let (name, archs, fits) = (folder.display(), archs.len(), fits.len());
        format!("{name}: {archs} architectures, {fits} fits")
    });
    Ok(Source {
        name: folder.display().to_string(),
        archs,
        fits,
    })
}

fn fits(folder: &Path) -> Result<Vec<Fit>> {
    let table = folder.join("fits.csv");
    if table.is_file() {
        detail(|| format!("reading {}", table.display()));
        return good_rows(&table, table::read_rows::<Fit>(&table)?);
    }
    let runs = runs_in(folder)?;
    if folder.join("measurements.csv").is_file() || folder.join("trajectories.csv").is_file() {
        return fit_now(folder);
    }
    if runs.is_empty() {
        // its absence is the error
        return good_rows(&table, table::read_rows::<Fit>(&table)?);
    }
    let of_run = |run: &std::path::PathBuf| fits(run);
    Ok(runs
        .iter()
        .map(of_run)
        .collect::<Result<Vec<_>>>()?
        .concat())
}

/// Fits what was measured.
fn fit_now(folder: &Path) -> Result<Vec<Fit>> {
    let mut trajectories: Vec<Trajectory> = Vec::new();
    for item in open_trajectories(folder, TrajectoryOptions::default())? {
        match item? {
            table::Streamed::Row(trajectory) => trajectories.push(trajectory),
            table::Streamed::Problem(problem) => say(&format!("warning: {problem}")),
        }
    }
    say(&format!(
        "{} has no fits.csv: fitting its {} layers now",
        folder.display(),
        trajectories.len()
    ));
    Ok(fit_all(&trajectories).0)
}

/// The options with the features of these names, or the default ones where none is named.
pub(super) fn options(features: &[String], seed: u64) -> Result<Options> {
    let named = features
        .iter()
        .map(|name| Feature::from_name(name.trim()))
        .collect::<Result<Vec<_>, _>>()?;
    let mut options = Options {
        seed,
        ..Options::default()
    };
    if !named.is_empty() {
        options.features = named;
    }
    Ok(options)
}
