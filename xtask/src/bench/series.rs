//! `cargo xtask bench series`: a series of checkpoints by a script with PyTorch and by the command.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use super::table;
use super::training::{self, median};
use crate::{bad_use, process, python};

pub(super) const ABOUT: &str = "top 3 and median of every layer of a series of checkpoints in the shape of Pythia-14m, 56 MB each, 10 sequences \
     of 512 tokens: `outcrop measure` with its audit, from start to end, and a script with PyTorch, without its imports, with the \
     same audit and without [--checkpoints N, 12] [--rounds N, 5] [--threads N]";

/// Step, sequence and layer, and what was measured there: the largest magnitude and the median.
type Rows = BTreeMap<[u64; 3], [f64; 2]>;

pub(super) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    let request = match training::request(arguments, ABOUT) {
        Ok(request) => request,
        Err(message) => return Ok(bad_use(&message)),
    };
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    let threads = request.threads_or(cores).to_string();
    let bench = process::target()?.with_file_name("bench");
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let python = python::pytorch(&crates, &bench)?;
    let script = crates.join("outcrop-forward/benches/pytorch/series.py");
    let checkpoints = request.checkpoints.to_string();
    let folder = bench.join(format!("pythia-14m-series-{checkpoints}"));
    python::made_with(&python, &script, &folder, &[&checkpoints])?;
    process::finish(process::cargo().args(["build", "--workspace"]))?;
    let outcrop = process::target()?.join(format!("outcrop{}", std::env::consts::EXE_SUFFIX));
    let ours = || ours(&outcrop, &folder, &threads);
    let theirs = |audits| theirs(&python, &script, &folder, &threads, audits);
    let mut lines = Vec::new();
    let mut ratios = [Vec::new(), Vec::new()];
    for round in 0..request.rounds {
        let first = (round % 2 == 0).then(ours).transpose()?;
        let (audited, expected) = theirs(true)?;
        let (plain, _) = theirs(false)?;
        let (took, found) = first.map_or_else(ours, Ok)?;
        ratios[0].push(audited / took);
        ratios[1].push(plain / took);
        lines.push(vec![
            process::load(),
            format!("{took:.2}"),
            format!("{audited:.2}"),
            format!("{:.2}", audited / took),
            format!("{plain:.2}"),
            format!("{:.2}", plain / took),
            format!("{:.1e}", difference(&found, &expected)?),
        ]);
    }
    let header = [
        "load",
        "ours, s",
        "PyTorch with the audit, s",
        "PyTorch / ours",
        "without, s",
        "PyTorch / ours",
        "largest difference",
    ];
    table::print(&header, &lines);
    let [audited, plain] = ratios.map(median);
    println!("\nMedian of PyTorch / ours: {audited:.2}, {plain:.2} where PyTorch does not audit");
    Ok(ExitCode::SUCCESS)
}

/// Seconds of the whole command, and what it measured.
fn ours(outcrop: &Path, folder: &Path, threads: &str) -> Result<(f64, Rows), String> {
    let out = folder.join("measured");
    let _ = std::fs::remove_dir_all(&out);
    let mut command = Command::new(outcrop);
    command.arg("measure").arg(folder.join("series"));
    command.arg("--tokens").arg(folder.join("ids.u16"));
    command.args([
        "--windows",
        "10",
        "--length",
        "512",
        "--quiet",
        "--threads",
        threads,
    ]);
    command.arg("--out").arg(&out);
    let start = Instant::now();
    process::output(&mut command)?;
    let seconds = start.elapsed().as_secs_f64();
    Ok((seconds, rows(&out.join("measurements.csv"))?))
}

/// Seconds without the imports, and what was measured.
fn theirs(
    python: &Path,
    script: &Path,
    folder: &Path,
    threads: &str,
    audits: bool,
) -> Result<(f64, Rows), String> {
    let table: PathBuf = folder.join("pytorch.csv");
    let mut command = Command::new(python);
    command.arg(script).arg(folder).arg(threads).arg(&table);
    command.args(audits.then(|| folder.join("pytorch-audit.json")));
    command.envs([("TRANSFORMERS_VERBOSITY", "error"), ("TQDM_DISABLE", "1")]);
    let said = process::output(&mut command)?;
    let seconds = said.trim().parse();
    let seconds = seconds.map_err(|_| format!("read the seconds `{}`", said.trim()))?;
    Ok((seconds, rows(&table)?))
}

/// The rows of a table of measurements, by the names of its columns; of fields without quotes.
fn rows(path: &Path) -> Result<Rows, String> {
    let text = python::read(path)?;
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap_or_default();
    let wrong = |what: &str| format!("read {}: {what}", path.display());
    let place = |name: &str| {
        let place = header.iter().position(|column| *column == name);
        place.ok_or_else(|| wrong(&format!("no column `{name}`")))
    };
    let keys = [place("step")?, place("sequence")?, place("layer")?];
    let values = [place("top1")?, place("median")?];
    let mut rows = Rows::new();
    for cells in lines {
        let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
        let key = keys.map(|at| cell(at).parse::<u64>());
        let value = values.map(|at| cell(at).parse::<f64>());
        let ([Ok(step), Ok(sequence), Ok(layer)], [Ok(top), Ok(median)]) = (key, value) else {
            return Err(wrong(&format!("the row {}", cells.join(","))));
        };
        rows.insert([step, sequence, layer], [top, median]);
    }
    Ok(rows)
}

/// The largest relative difference; both must have the same rows.
fn difference(ours: &Rows, theirs: &Rows) -> Result<f64, String> {
    if !ours.keys().eq(theirs.keys()) {
        return Err(format!("compare {} rows with {}", ours.len(), theirs.len()));
    }
    let pairs = ours.values().flatten().zip(theirs.values().flatten());
    Ok(pairs.map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_compared_by_step_sequence_and_layer() {
        let rows = |top: f64| Rows::from([([0, 1, 2], [top, 0.5])]);
        assert_eq!(difference(&rows(2.0), &rows(2.0)), Ok(0.0));
        assert_eq!(difference(&rows(2.5), &rows(2.0)), Ok(0.25));
        let other = Rows::from([([0, 1, 3], [2.0, 0.5])]);
        assert!(difference(&rows(2.0), &other).is_err());
    }
}
