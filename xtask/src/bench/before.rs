//! `cargo xtask bench before CHECKOUT`: this build beside that of an older checkout, both run on this machine in
//! the same minutes.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::table;
use super::training::{self, Numbers, SHAPES, USUAL, median, number, numbers};
use crate::{bad_use, process, python};

pub(super) const ABOUT: &str = "time and memory of training, taps, measuring and fitting, of this build over that of an \
     older checkout: CHECKOUT [--rounds N, 5] [--seconds N, 4]";

/// The examples that are run, with their packages.
const EXAMPLES: [(&str, &str); 4] = [
    ("outcrop-train", "train_speed"),
    ("outcrop-train", "taps"),
    ("outcrop-forward", "compare"),
    ("outcrop-fit", "trial"),
];

/// Every how many of the 700 simulated series a round fits.
const EVERY: usize = 10;

/// One thing that is timed: seconds of the same work, and the peak of memory in MB where it is known.
#[derive(Debug, PartialEq)]
struct Timing {
    case: String,
    seconds: f64,
    peak: f64,
}

pub(super) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    let Some((checkout, rest)) = arguments.split_first() else {
        return Ok(bad_use(&format!(
            "name a checkout; the benchmark is: {ABOUT}"
        )));
    };
    let request = match training::request(rest, ABOUT) {
        Ok(request) => request,
        Err(message) => return Ok(bad_use(&message)),
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = process::target()?;
    let bench = target.with_file_name("bench");
    let python = python::pytorch(&root.join("crates"), &bench)?;
    let checkpoint = bench.join("random/pythia-70m");
    let script = root.join("crates/outcrop-forward/benches/pytorch/checkpoint.py");
    python::made_by(&python, &script, &checkpoint)?;
    let sides = [PathBuf::from(checkout), root];
    let examples = [built(&sides[0])?, built(&sides[1])?];
    let mut rounds = Vec::new();
    for round in 0..request.rounds {
        eprintln!(
            "round {} of {}, load {}",
            round + 1,
            request.rounds,
            process::load()
        );
        let case = |side: &PathBuf| timings(side, &checkpoint, request.seconds);
        // each side is first in turn
        let pair = if round.is_multiple_of(2) {
            let old = case(&examples[0])?;
            (old, case(&examples[1])?)
        } else {
            let new = case(&examples[1])?;
            (case(&examples[0])?, new)
        };
        rounds.push(pair);
    }
    print(&rounds);
    Ok(ExitCode::SUCCESS)
}

/// Builds the examples of a checkout in its own `target`; their folder. With the command, so that dependencies
/// get the features they have there.
fn built(checkout: &Path) -> Result<PathBuf, String> {
    let mut build = process::cargo();
    build
        .current_dir(checkout)
        .args(["build", "--package", "outcrop"]);
    build.env("CARGO_TARGET_DIR", checkout.join("target"));
    for (package, example) in EXAMPLES {
        build.args(["--package", package, "--example", example]);
    }
    process::finish(&mut build)?;
    Ok(checkout.join("target/debug/examples"))
}

/// One round of one side.
fn timings(examples: &Path, checkpoint: &Path, seconds: usize) -> Result<Vec<Timing>, String> {
    let mut all = Vec::new();
    for threads in [1, 2] {
        for shape in &SHAPES[..USUAL] {
            let numbers =
                training::run_ours(&examples.join("train_speed"), shape, seconds, threads)?;
            all.push(Timing {
                case: format!("train {}, threads {threads}", shape.label()),
                seconds: 1.0 / number(&numbers, "tokens"),
                peak: number(&numbers, "peak"),
            });
        }
        let mut compare = Command::new(examples.join("compare"));
        compare.arg(checkpoint).args(["1024", "4"]);
        compare.env("RAYON_NUM_THREADS", threads.to_string());
        all.push(measured(&process::output(&mut compare)?, threads)?);
    }
    let mut taps = Command::new(examples.join("taps"));
    all.extend(tapped(&process::output(
        taps.args([&seconds.to_string(), "1"]),
    )?)?);
    let mut trial = Command::new(examples.join("trial"));
    let series = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/outcrop-fit/tests/fixtures/trial_series.csv");
    trial.arg(series).args([&EVERY.to_string(), "0", "20000"]);
    all.extend(fitted(&process::output(python::one_thread(&mut trial))?));
    Ok(all)
}

/// What `compare` printed: rows of statistics, then numbers by name.
fn measured(output: &str, threads: usize) -> Result<Timing, String> {
    let named = output
        .lines()
        .filter(|line| line.starts_with(char::is_alphabetic));
    let numbers = numbers(&named.collect::<Vec<_>>().join("\n"))?;
    Ok(Timing {
        case: format!("measure 4 x 1024 tokens of Pythia-70m's shape, threads {threads}"),
        seconds: number(&numbers, "seconds"),
        peak: number(&numbers, "peak"),
    })
}

/// What `taps` printed: a forward pass with the standard tap, of each shape.
fn tapped(output: &str) -> Result<Vec<Timing>, String> {
    let shapes = output.split("shape ").skip(1);
    let timing = |lines: &str| {
        let numbers: Numbers = numbers(&format!("shape {lines}"))?;
        Ok(Timing {
            case: format!(
                "forward pass with taps, {}",
                lines.lines().next().unwrap_or_default()
            ),
            seconds: number(&numbers, "standard") * 1e-6,
            peak: f64::NAN,
        })
    };
    shapes.map(timing).collect()
}

/// What `trial` printed: seconds of all fits of a method.
fn fitted(output: &str) -> Vec<Timing> {
    let of = |method: &str| {
        let rows = output
            .lines()
            .map(|line| line.split(',').collect::<Vec<_>>());
        let own = rows.filter(|cells| cells.get(1) == Some(&method));
        own.filter_map(|cells| cells.last()?.parse::<f64>().ok())
            .sum()
    };
    let timing = |method| Timing {
        case: format!("fit, {method}, every {EVERY}th series of the trial"),
        seconds: of(method),
        peak: f64::NAN,
    };
    ["paper", "global", "posterior"].map(timing).into()
}

fn print(rounds: &[(Vec<Timing>, Vec<Timing>)]) {
    let Some((first, _)) = rounds.first() else {
        return;
    };
    let row = |(at, case): (usize, &Timing)| {
        let ratio = |value: fn(&Timing) -> f64| {
            let ratios = rounds
                .iter()
                .map(|(old, new)| value(&new[at]) / value(&old[at]));
            ratios.collect::<Vec<_>>()
        };
        let times = ratio(|timing| timing.seconds);
        let shown: Vec<_> = times.iter().map(|ratio| format!("{ratio:.3}")).collect();
        let peaks = median(ratio(|timing| timing.peak));
        let peak = if peaks.is_nan() {
            "".into()
        } else {
            format!("{peaks:.3}")
        };
        vec![
            case.case.clone(),
            shown.join(" "),
            format!("{:.3}", median(times)),
            peak,
        ]
    };
    let rows: Vec<_> = first.iter().enumerate().map(row).collect();
    table::print(
        &[
            "case",
            "time, this build / before, in each round",
            "median",
            "peak memory, median",
        ],
        &rows,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_examples_print_is_read() {
        let found = measured("1 0 3.5 1 2\nseconds 2.5\npeak 80\nread 0.5\n", 2).unwrap();
        assert_eq!((found.seconds, found.peak), (2.5, 80.0));
        let taps = tapped("shape 64 32 4\nstandard 250 240\nshape 8 2 1\nstandard 5 4\n").unwrap();
        assert_eq!(taps.len(), 2);
        assert!((taps[1].seconds / 5e-6 - 1.0).abs() < 1e-12);
        let fits = fitted(
            "series,method,form,outcome,sse,seconds\na,paper,x,converged,1,0.5\nb,paper,x,converged,1,0.25\n",
        );
        assert_eq!(fits[0].seconds, 0.75);
    }
}
