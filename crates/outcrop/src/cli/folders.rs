//! Folders of runs: a run directory, the runs of a results folder, and their specs and architectures.

use std::path::{Path, PathBuf};

use outcrop_core::{Error as CoreError, NamedArch, is_temporary, table};
use outcrop_train::{RunDir, RunSpec};

use super::input::good_rows;
use super::voice::detail;
use crate::Result;

/// Tables by which a folder of measurements is recognised.
const MEASURED: [&str; 2] = ["measurements", "trajectories"];

/// Whether the folder itself holds a run, or tables of measurements.
pub(super) fn is_run(folder: &Path) -> bool {
    folder.join("run.toml").is_file() || is_measured(folder)
}

/// Whether the folder itself holds tables of measurements.
pub(super) fn is_measured(folder: &Path) -> bool {
    let mut tables = MEASURED.iter();
    tables.any(|name| table::in_folder(folder, name).is_some())
}

/// The runs below a folder, by name: FOLDER/runs/*, or else FOLDER/*.
pub(super) fn runs_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let inner = folder.join("runs");
    let parent = if inner.is_dir() { &inner } else { folder };
    if !parent.is_dir() {
        return Ok(Vec::new());
    }
    let io = |e| CoreError::io("read", parent, e);
    let mut runs = Vec::new();
    for entry in std::fs::read_dir(parent).map_err(io)? {
        let path = entry.map_err(io)?.path();
        runs.extend((is_run(&path) && !is_temporary(&path)).then_some(path));
    }
    runs.sort();
    Ok(runs)
}

/// Each folder that holds tables itself, and the runs of one that does not.
pub(super) fn runs_among(given: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for folder in given {
        let inner = match folder.join("runs").is_dir() || !is_run(folder) {
            true => runs_in(folder)?,
            false => Vec::new(),
        };
        match inner.is_empty() {
            true => all.push(folder.clone()),
            false => all.extend(inner),
        }
    }
    Ok(all)
}

/// The spec of a run directory; none where it has no run.toml.
pub(super) fn spec(folder: &Path) -> Result<Option<RunSpec>> {
    if !folder.join("run.toml").is_file() {
        return Ok(None);
    }
    Ok(Some(RunDir::new(folder).spec()?))
}

/// The architectures of a folder: its architectures.csv, or its run.toml, or those of its runs.
///
/// # Errors
/// If its architectures.csv cannot be read and it has no run.toml and no runs.
pub(super) fn architectures(folder: &Path) -> Result<Vec<NamedArch>> {
    let found = table::in_folder(folder, "architectures");
    let runs = runs_in(folder)?;
    let is_known = folder.join("run.toml").is_file() || !runs.is_empty();
    if found.is_some() || !is_known {
        let path = found.unwrap_or_else(|| folder.join("architectures.csv")); // its absence is the error
        detail(|| format!("reading {}", path.display()));
        return good_rows(&path, table::architectures(&path)?);
    }
    if let Some(spec) = spec(folder)? {
        detail(|| format!("reading {}", folder.join("run.toml").display()));
        return Ok(vec![NamedArch {
            model: spec.model,
            arch: spec.arch,
        }]);
    }
    let of_run = |run: &PathBuf| architectures(run);
    Ok(runs
        .iter()
        .map(of_run)
        .collect::<Result<Vec<_>>>()?
        .concat())
}
