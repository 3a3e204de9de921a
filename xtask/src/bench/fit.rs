//! `cargo xtask bench fit`: the paper's procedure in SciPy, the same in Rust, and the global fitter,
//! on the simulated trial of outcrop-fit.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use super::outcomes::{self, Attempt, Known, Row, Score};
use super::table;
use crate::{bad_use, process, python};

pub(super) const ABOUT: &str = "curves fitted by SciPy the paper's way, by us the same way, and globally \
     [--series N: every N-th of 700] [--max-evaluations N]";

/// Both sides run in turns, each on its share of the series, so that what else the machine does
/// falls on both.
const ROUNDS: usize = 5;

/// Every how many series, and the limit of evaluations of the paper's procedure.
#[derive(Debug, PartialEq)]
struct Request {
    every: usize,
    limit: usize,
}

/// A label, the method and the forms that are taken together.
type Procedure = (&'static str, &'static str, &'static [&'static str]);

const BOTH: &[&str] = &["original", "reparametrised"];
const PROCEDURES: [Procedure; 8] = [
    ("SciPy, original form", "scipy", &["original"]),
    ("SciPy, reparametrised form", "scipy", &["reparametrised"]),
    ("SciPy, better of both", "scipy", BOTH),
    ("paper mode, original form", "paper", &["original"]),
    (
        "paper mode, reparametrised form",
        "paper",
        &["reparametrised"],
    ),
    ("paper mode, better of both", "paper", BOTH),
    ("global fitter", "global", &["emergence"]),
    ("global fitter, posterior", "posterior", &["emergence"]),
];

pub(super) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    let request = match request(arguments) {
        Ok(request) => request,
        Err(message) => return Ok(bad_use(&message)),
    };
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/outcrop-fit");
    let fixtures = crate_folder.join("tests/fixtures");
    let known = outcomes::known(&python::read(&fixtures.join("trial_best.csv"))?)?;
    let target = process::target()?;
    let scipy = crate_folder.join("benches/scipy");
    let folder = target.with_file_name("bench").join("venv-fit");
    let python = python::environment(&folder, &scipy.join("requirements.txt"))?;
    process::finish(process::cargo().args([
        "build",
        "--package",
        "outcrop-fit",
        "--example",
        "trial",
    ]))?;
    let example = format!("examples/trial{}", std::env::consts::EXE_SUFFIX);
    let mut rows = Vec::new();
    for round in 0..ROUNDS {
        eprintln!("round {} of {ROUNDS}", round + 1);
        let arguments = request.round(&fixtures.join("trial_series.csv"), round);
        let mut ours = Command::new(target.join(&example));
        let mut theirs = Command::new(&python);
        theirs.arg(scipy.join("trial.py"));
        for side in [&mut ours, &mut theirs] {
            let output = process::output(python::one_thread(side).args(&arguments))?;
            rows.extend(outcomes::rows(&output)?);
        }
    }
    if let Some(row) = rows.iter().find(|row| !known.contains_key(&row.series)) {
        return Err(format!("find the best sum of squares of {}", row.series));
    }
    print(&rows, &known, &request);
    Ok(ExitCode::SUCCESS)
}

fn request(arguments: &[OsString]) -> Result<Request, String> {
    let mut request = Request {
        every: 1,
        limit: 20_000,
    };
    let mut arguments = arguments.iter().map(|a| a.to_string_lossy());
    while let Some(name) = arguments.next() {
        let field = match name.as_ref() {
            "--series" => &mut request.every,
            "--max-evaluations" => &mut request.limit,
            _ => return Err(format!("no option `{name}`; the benchmark is: {ABOUT}")),
        };
        let value = arguments.next().and_then(|value| value.parse().ok());
        *field = value
            .filter(|&n| n > 0)
            .ok_or(format!("{name} must be a whole number above 0"))?;
    }
    Ok(request)
}

impl Request {
    /// What both sides are told: the table, every which series, from which on, and the limit.
    fn round(&self, series: &Path, round: usize) -> Vec<OsString> {
        let numbers = [self.every * ROUNDS, self.every * round, self.limit];
        let numbers = numbers.map(|n| n.to_string().into());
        [series.as_os_str().to_owned()]
            .into_iter()
            .chain(numbers)
            .collect()
    }
}

/// What does not depend on the machine first.
fn print(rows: &[Row], known: &Known, request: &Request) {
    let attempts = PROCEDURES.map(|(_, method, forms)| outcomes::attempts(rows, method, forms));
    let scores: Vec<(&str, Score)> = PROCEDURES
        .iter()
        .zip(&attempts)
        .map(|(&(label, ..), attempts)| (label, outcomes::score(attempts, known)))
        .collect();
    let series = scores[0].1.series;
    println!(
        "{series} series, at most {} evaluations a form\n",
        request.limit
    );
    print_quality(&scores);
    print_failures(rows);
    println!("\nPaper mode beside SciPy:");
    for (form, pair) in ["original form", "reparametrised form", "better of both"]
        .iter()
        .zip([(0, 3), (1, 4), (2, 5)])
    {
        print_agreement(form, &attempts[pair.0], &attempts[pair.1], known);
    }
    let missed = outcomes::missed(&attempts[6], known);
    println!(
        "\nThe global fitter misses {}: {}",
        missed.len(),
        missed.join(" ")
    );
    let better = outcomes::improved(&attempts[6], known);
    println!(
        "It improves on the best known sum of squares of {}: {}",
        better.len(),
        better.join(" ")
    );
    print_times(&scores);
}

fn print_quality(scores: &[(&str, Score)]) {
    let row = |(label, s): &(&str, Score)| {
        let share = s.reached as f64 / s.series.max(1) as f64;
        vec![
            label.to_string(),
            format!("{share:.3}"),
            s.failed.to_string(),
            format!("{:.4}", s.r2),
            format!("{:.4}", s.r2_of_converged),
        ]
    };
    table::print(
        &[
            "procedure",
            "at the optimum",
            "failures",
            "mean R2, failures as 0",
            "of converged alone",
        ],
        &scores.iter().map(row).collect::<Vec<_>>(),
    );
}

fn print_failures(rows: &[Row]) {
    println!("\nFailures:");
    for (label, method, forms) in PROCEDURES.iter().filter(|(_, _, forms)| forms.len() == 1) {
        for (reason, times) in outcomes::failures(rows, method, forms[0]) {
            println!("- {label}: {times} x \"{reason}\"");
        }
    }
}

type Attempts<'a> = BTreeMap<&'a str, Attempt>;

fn print_agreement(form: &str, scipy: &Attempts<'_>, paper: &Attempts<'_>, known: &Known) {
    let a = outcomes::agreement(scipy, paper, known);
    println!(
        "- {form}: same outcome in {} of {}; where both converge, equal sums of squares in {} of {}",
        a.alike,
        scipy.len(),
        a.equal,
        a.both
    );
}

fn print_times(scores: &[(&str, Score)]) {
    println!("\nTimes on this machine, one thread, a series:\n");
    let [_, _, (_, scipy), ..] = scores else {
        return;
    };
    let row = |(label, s): &(&str, Score)| {
        vec![
            label.to_string(),
            format!("{:.3}", s.seconds.0 * 1e3),
            format!("{:.3}", s.seconds.1 * 1e3),
            format!("{:.1}", scipy.seconds.0 / s.seconds.0),
            format!("{:.1}", scipy.seconds.1 / s.seconds.1),
        ]
    };
    table::print(
        &[
            "procedure",
            "mean, ms",
            "median, ms",
            "SciPy's both forms / this, means",
            "medians",
        ],
        &scores.iter().map(row).collect::<Vec<_>>(),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Request, String> {
        request(&text.split_whitespace().map(Into::into).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_numbers_above_zero() {
        let request = parse("--series 10 --max-evaluations 500").unwrap();
        assert_eq!((request.every, request.limit), (10, 500));
        for slip in ["--series", "--series 0", "--series many", "--serie 3"] {
            assert!(parse(slip).is_err(), "{slip}");
        }
    }

    #[test]
    fn the_rounds_share_out_every_nth_series() {
        let request = parse("--series 3").unwrap();
        let mut seen: Vec<usize> = (0..ROUNDS)
            .flat_map(|round| {
                let told = request.round(Path::new("x.csv"), round);
                let number = |i: usize| told[i].to_str().unwrap().parse::<usize>().unwrap();
                (number(2)..100).step_by(number(1))
            })
            .collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..100).step_by(3).collect::<Vec<_>>());
    }
}
