//! The raw data that the paper published (arXiv 2508.03616, "pythia-massive-activations"), as a
//! user has downloaded it: `pythia_<size>/stats/exp2_pythia_<size>_step<N>`, the text of a NumPy
//! array [sequences, 4, layers] whose rows are top1, top2, top3 and median, and
//! `pythia_<size>/params/layer_fit_params_{ratio,top1,median}.json`, the fits of each layer.

mod array;
mod import;
mod json;
pub mod max_act_llm;
mod names;
mod params;
mod stats;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

pub use import::{FILES, import};
use names::File;

use crate::table::Problem;
use crate::{Error, Fit, Measurement, Ratio, Result, Trajectory, TrajectoryBuilder};

/// The data set, as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PublishedData {
    /// The ratios by model `pythia-<size>` (smallest first), layer and step.
    pub trajectories: Vec<Trajectory>,
    /// The published fits: hypothesis `published <name>` for those of the ratio, `published top1
    /// <name>` and `published median <name>` for the others. `n` is the number of residuals, `sse`
    /// their sum of squares; what follows from a curve, such as `f_last`, is empty.
    pub fits: Vec<Fit>,
    /// The files, or parts of files, that could not be read, each by name and reason.
    pub problems: Vec<Problem>,
}

/// No file of the data set comes near this size; a larger one is refused before it is read.
const MAX_BYTES: u64 = 16 << 20;
/// No model has as many layers; a file that claims more is refused.
const MAX_LAYERS: usize = 1024;
/// From the root to a file: `pythia_<size>/stats/<file>`.
const MAX_DEPTH: usize = 3;

/// Whether `path` is the data set, or a part of it: its root, the folder of one size, a `stats` or
/// `params` folder, or a single file. Judged by names alone.
pub fn recognise(path: &Path) -> bool {
    found(path).is_ok_and(|found| found.iter().any(|(file, _)| file.is_some()))
}

/// Reads the data set, or a part of it (see [`recognise`]), averaging sequences by `ratio`. A malformed part is a
/// problem, and the rest is read.
///
/// # Errors
/// [`Error::Io`] where `path` cannot be read; [`Error::Parse`] where no file of the data set is
/// there.
pub fn read(path: &Path, ratio: Ratio) -> Result<PublishedData> {
    read_each(path, ratio, |_| Ok(()))
}

/// As [`read`], and hands each measurement to `each` when it is read: by model, step, sequence and
/// layer. Their places and counts are not published and are set to 0.
///
/// # Errors
/// As [`read`], and that of `each`.
pub fn read_each(
    path: &Path,
    ratio: Ratio,
    mut each: impl FnMut(&Measurement) -> Result<()>,
) -> Result<PublishedData> {
    let mut files = found(path)?;
    if files.iter().all(|(file, _)| file.is_none()) {
        let reason = "no exp2_pythia_<size>_step<N> and no layer_fit_params_<quantity>.json in it";
        return Err(Error::parse(path.display().to_string(), reason));
    }
    files.sort_by_cached_key(|(file, path)| (sort_key(file.as_ref(), path), path.clone()));
    let mut published = PublishedData::default();
    let mut builder = TrajectoryBuilder::new(ratio);
    let mut steps = BTreeSet::new();
    for (file, path) in files {
        let outcome = match file {
            None => Err("no name of the data set: exp2_pythia_<size>_step<N>".into()),
            Some(File::Params { quantity }) => fits(&path, quantity, &mut published.fits),
            Some(File::Stats { size, step }) if steps.contains(&(size.clone(), step)) => Err(
                format!("step {step} of pythia-{size} is in another file too"),
            ),
            Some(File::Stats { size, step }) => {
                match text(&path).and_then(|text| stats::parse(&text, &size)) {
                    Ok(stats) => {
                        for measurement in stats.measurements(&size, step) {
                            builder.add(&measurement);
                            each(&measurement)?;
                        }
                        steps.insert((size, step));
                        Ok(stats.noteworthy.into_iter().collect())
                    }
                    Err(reason) => Err(reason),
                }
            }
        };
        let reasons = outcome.unwrap_or_else(|reason| vec![reason]);
        let problem = |reason| Problem {
            context: path.display().to_string(),
            line: 0,
            reason,
        };
        published.problems.extend(reasons.into_iter().map(problem));
    }
    published.trajectories = builder.finish();
    Ok(published)
}

/// Sizes by parameters, then steps as numbers.
fn sort_key(file: Option<&File>, path: &Path) -> ((u64, String), u64) {
    let size = match file {
        Some(File::Stats { size, .. }) => Some(size.clone()),
        _ => names::size_above(path),
    };
    let within = match file {
        Some(File::Stats { step, .. }) => *step,
        Some(File::Params { quantity }) => *quantity as u64,
        None => 0,
    };
    (names::order(&size.unwrap_or_default()), within)
}

fn fits(
    path: &Path,
    quantity: names::Quantity,
    fits: &mut Vec<Fit>,
) -> Result<Vec<String>, String> {
    let whole = fs::canonicalize(path).map_err(|e| e.to_string())?;
    let size = names::size_above(path).or_else(|| names::size_above(&whole));
    let size = size.ok_or("no folder pythia_<size> above it says which model it is of")?;
    let (found, problems) = params::fits(&text(path)?, &format!("pythia-{size}"), quantity)?;
    fits.extend(found);
    Ok(problems)
}

/// The text of a file, whose size is checked first.
fn text(path: &Path) -> Result<String, String> {
    let file = fs::File::open(path).map_err(|e| e.to_string())?;
    let metadata = file.metadata().map_err(|e| e.to_string())?;
    let too_large =
        |bytes: u64| (bytes > MAX_BYTES).then(|| format!("larger than {} MiB", MAX_BYTES >> 20));
    if !metadata.is_file() {
        return Err("no regular file".into());
    }
    too_large(metadata.len()).map_or(Ok(()), Err)?;
    let mut bytes = Vec::new();
    let read = file.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|e| e.to_string())?;
    too_large(bytes.len() as u64).map_or(Ok(()), Err)?;
    crate::refuse_lfs_pointer(path, &bytes).map_err(|e| e.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| "no text; print the array, or its repr")?;
    Ok(text
        .strip_prefix('\u{feff}')
        .map_or(text.clone(), str::to_owned))
}

/// The files at `path` with what they hold; a file in a `stats` folder that has no name of the data
/// set comes too, so that it is named.
fn found(path: &Path) -> Result<Vec<(Option<File>, PathBuf)>> {
    let mut found = Vec::new();
    let io = |e| Error::io("read", path, e);
    if !fs::metadata(path).map_err(io)?.is_dir() {
        let file = path
            .file_name()
            .and_then(|name| names::file(name.to_str()?));
        found.extend(file.map(|file| (Some(file), path.to_owned())));
        return Ok(found);
    }
    walk(path, MAX_DEPTH, &mut found).map_err(io)?;
    Ok(found)
}

fn walk(
    folder: &Path,
    depth: usize,
    found: &mut Vec<(Option<File>, PathBuf)>,
) -> std::io::Result<()> {
    let of_stats = folder.file_name().is_some_and(|name| name == "stats");
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            let ours = matches!(&*name, "stats" | "params") || names::size_of(&name).is_some();
            if ours && depth > 1 {
                walk(&path, depth - 1, found)?;
            }
            continue;
        }
        let file = names::file(&name);
        if file.is_some() || (of_stats && !name.starts_with('.')) {
            found.push((file, path));
        }
    }
    Ok(())
}
