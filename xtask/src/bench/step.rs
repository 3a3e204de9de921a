//! `cargo xtask bench step`: where the time of an update goes.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use super::training::{self, Numbers, number, numbers};
use super::{symbols, table};
use crate::{bad_use, process};

pub(super) const ABOUT: &str = "where the time of an update goes, by part and, where `perf` can be run, by kind of work \
     [--seconds N, 5] [--shape 1..4, the first three] [--threads N]";

const PARTS: [&str; 4] = ["data", "forward", "backward", "optimizer"];
/// What is no part of the update that is timed: the loop also draws a batch, from one of two kinds of corpora,
/// and measures at some steps.
const BESIDE: [&str; 3] = ["draw-bigrams", "draw-text", "measurement"];

pub(super) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    let request = match training::request(arguments, ABOUT) {
        Ok(request) => request,
        Err(message) => return Ok(bad_use(&message)),
    };
    let target = process::target()?;
    let program = training::build(&target, "train_speed")?;
    let bench = target.with_file_name("bench");
    std::fs::create_dir_all(&bench).map_err(|e| format!("create {}: {e}", bench.display()))?;
    let samples = symbols::is_there().then(|| bench.join("step.perf"));
    for (shape, threads) in request.cases() {
        let mut command = match &samples {
            Some(samples) => symbols::record(&program, samples),
            None => Command::new(&program),
        };
        training::ours(&mut command, shape, request.seconds, threads);
        let numbers = numbers(&process::output(&mut command)?)?;
        println!("\n{}, {threads} threads\n", shape.label());
        print_parts(&numbers);
        if let Some(samples) = &samples {
            println!();
            let kinds = symbols::kinds(samples)?.into_iter();
            let rows = kinds.map(|(kind, percent)| vec![kind.into(), format!("{percent:.1}")]);
            let rows: Vec<Vec<String>> = rows.collect();
            table::print(&["kind of work", "%"], &rows);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print_parts(numbers: &Numbers) {
    let update: f64 = PARTS.iter().map(|part| number(numbers, part)).sum();
    let row = |name: &&str| {
        let seconds = number(numbers, name);
        vec![
            name.to_string(),
            format!("{:.3}", seconds * 1e3),
            format!("{:.2}", 100.0 * seconds / update),
        ]
    };
    let rows: Vec<Vec<String>> = PARTS.iter().chain(&BESIDE).map(row).collect();
    table::print(&["part", "ms", "% of an update"], &rows);
}
