//! Folders of runs: a run directory, the runs of a results folder, and what they say of themselves.

use std::path::{Path, PathBuf};

use outcrop_core::{Error as CoreError, NamedArch, table};
use outcrop_train::{RunDir, RunSpec};

use super::input::good_rows;
use super::voice::detail;
use crate::Result;

/// Files by which a folder is known as that of a run or of what was measured.
const MARKS: [&str; 3] = ["run.toml", "measurements.csv", "trajectories.csv"];

/// Whether the folder itself holds a run, or tables of what was measured.
pub(super) fn is_run(folder: &Path) -> bool {
    MARKS.iter().any(|mark| folder.join(mark).is_file())
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
        runs.extend(is_run(&path).then_some(path));
    }
    runs.sort();
    Ok(runs)
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
/// That its architectures.csv cannot be read, where it has none of these.
pub(super) fn architectures(folder: &Path) -> Result<Vec<NamedArch>> {
    let path = folder.join("architectures.csv");
    let runs = runs_in(folder)?;
    let is_known = folder.join("run.toml").is_file() || !runs.is_empty();
    if path.is_file() || !is_known {
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
