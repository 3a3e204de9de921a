use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The name of the folder of a step: `step-000512`.
///
/// ```
/// assert_eq!(outcrop_checkpoint::step_folder(512), "step-000512");
/// ```
pub fn step_folder(step: u64) -> String {
    format!("step-{step:06}")
}

/// The step of a folder's name, written as [`step_folder`] does or as the hub's revisions are
/// (`step512`); none for another name.
///
/// ```
/// use outcrop_checkpoint::parse_step_folder;
///
/// assert_eq!(parse_step_folder("step-000512"), Some(512));
/// assert_eq!(parse_step_folder("step143000"), Some(143_000));
/// assert_eq!(parse_step_folder("step-final"), None);
/// ```
pub fn parse_step_folder(name: &str) -> Option<u64> {
    let rest = name.strip_prefix("step")?;
    let digits = rest.strip_prefix('-').unwrap_or(rest);
    let all_digits = digits.bytes().all(|b| b.is_ascii_digit());
    all_digits.then(|| digits.parse().ok()).flatten()
}

/// The checkpoints in `dir` by step, in ascending order; whether they are whole is not looked at.
///
/// # Errors
/// [`Error::DuplicateStep`] where a step has two folders, [`Error::Core`] where `dir` cannot be
/// read.
pub fn series(dir: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let io = |e| Error::io("read folder", dir, e);
    let mut series = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(io)? {
        let entry = entry.map_err(io)?;
        let step = entry.file_name().to_str().and_then(parse_step_folder);
        if let Some(step) = step
            && entry.path().is_dir()
        {
            series.push((step, entry.path()));
        }
    }
    series.sort();
    match series.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        None => Ok(series),
        Some(pair) => Err(Error::DuplicateStep {
            step: pair[0].0,
            first: pair[0].1.clone(),
            second: pair[1].1.clone(),
        }),
    }
}
