//! What a report finds beside the tables that it must have.

use std::collections::BTreeMap;
use std::path::Path;

use outcrop_core::{Attribution, CurvePoint, is_temporary, sha256_file, table};

use super::input::good_rows;
use super::output::say;
use crate::Result;

/// The verdicts in words; none where nothing was predicted.
pub(super) fn verdicts(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("verdicts.txt")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// What was predicted before training; none, with a warning, where the file is not the one whose hash was written then.
pub(super) fn predicted(folder: &Path) -> Result<Vec<CurvePoint>> {
    let path = folder.join("predicted.csv");
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let written = std::fs::read_to_string(folder.join("predicted.csv.sha256")).unwrap_or_default();
    if written.split_whitespace().next() != Some(&sha256_file(&path)?) {
        say(
            "warning: predicted.csv is not the file whose hash is in predicted.csv.sha256; its predictions are left out",
        );
        return Ok(Vec::new());
    }
    good_rows(&path, table::read_rows(&path)?)
}

/// Explanations that `outcrop explain` wrote, in the folder itself or in `explain`.
pub(super) fn attributions(folder: &Path) -> Result<Vec<Attribution>> {
    let found = [folder.to_owned(), folder.join("explain")];
    let found = found.iter().find_map(|at| table::in_folder(at, "shapley"));
    let Some(path) = found else {
        return Ok(Vec::new());
    };
    good_rows(&path, table::read_rows(&path)?)
}

/// What the runs of a folder were trained on, by model; runs without a readable spec are left out.
pub(super) fn corpora(folder: &Path) -> BTreeMap<String, String> {
    let runs = std::fs::read_dir(folder.join("runs")).into_iter().flatten();
    let runs = runs.flatten().map(|run| run.path());
    let runs = runs.filter(|run| !is_temporary(run));
    let specs = runs.chain([folder.to_owned()]);
    let spec = |run: std::path::PathBuf| outcrop_train::RunSpec::read(&run.join("run.toml")).ok();
    let named = specs.filter_map(spec);
    named
        .map(|spec| (spec.model, spec.data.corpus.to_string()))
        .collect()
}
