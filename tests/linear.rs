//! `outcrop linear`, and what the fit of its modes gives.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::collections::BTreeMap;
use std::process::Output;

use common::{files, outcrop, text};

fn run(args: &[&str]) -> Output {
    outcrop().args(args).output().unwrap()
}

fn succeeded(args: &[&str]) -> String {
    let output = run(args);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// The cells of a CSV table by column; no cell of ours has a quoted comma but the name of the model.
fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    let split = |line: &str| -> Vec<String> {
        let mut cells = vec![String::new()];
        let mut quoted = false;
        for letter in line.chars() {
            match letter {
                '"' => quoted = !quoted,
                ',' if !quoted => cells.push(String::new()),
                other => cells.last_mut().unwrap().push(other),
            }
        }
        cells
    };
    let mut lines = csv.lines().map(split);
    let header = lines.next().unwrap();
    lines
        .map(|cells| header.iter().cloned().zip(cells).collect())
        .collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap()
}

#[test]
fn the_fit_of_a_mode_is_its_singular_value_and_its_start() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("linear").display().to_string();
    let said = succeeded(&["linear", "--out", &out]);
    assert!(said.contains("Saxe's closed form by at most 0."), "{said}");
    let observable = ["--observable", "mode_strength@*"];
    let hypothesis = ["--hypothesis", "deep linear mode", "--format", "csv"];
    let fits = succeeded(&[&["fit", &out], &observable[..], &hypothesis[..]].concat());
    let fits = rows(&fits);
    assert_eq!(fits.len(), 3);
    for (i, (fit, s)) in fits.iter().zip([4.0, 2.0, 1.0]).enumerate() {
        assert_eq!(fit["model"], format!("linear, mode-{}", i + 1));
        assert!((number(fit, "s") / s - 1.0).abs() < 0.01, "{fit:?}");
        assert!((number(fit, "u0") / 1e-3 - 1.0).abs() < 0.05, "{fit:?}");
        // one over the learning rate
        assert!(
            (number(fit, "tau_learning") * 5e-4 - 1.0).abs() < 0.01,
            "{fit:?}"
        );
    }
    // the stronger a mode, the earlier it is learned: at ln(s / u0 - 1) / (2 s rate)
    let onsets = [
        "onset",
        &out,
        "--observable",
        "mode_strength",
        "--format",
        "csv",
    ];
    for (onset, s) in rows(&succeeded(&onsets)).iter().zip([4.0f64, 2.0, 1.0]) {
        let half = (s / 1e-3 - 1.0).ln() / (2.0 * s * 5e-4);
        let after = number(onset, "half_after") - 100.0;
        assert!(after <= half && half <= number(onset, "half_by") + 100.0);
    }
}

#[test]
fn a_run_is_written_once_and_another_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("l").display().to_string();
    let short = [
        "linear",
        "--steps",
        "50",
        "--measure",
        "0,every:5",
        "--out",
        &out,
    ];
    succeeded(&short);
    let before = files(dir.path());
    for name in ["run.toml", "loss.csv", "observables.csv", "provenance.json"] {
        assert!(
            before.contains_key(&format!("l/{name}")),
            "{name}: {before:?}"
        );
    }
    succeeded(&short);
    assert_eq!(files(dir.path()), before, "the same bits");
    let refused = |more: &[&str], parts: &[&str]| {
        let output = run(&[&["linear", "--steps", "50", "--out", &out], more].concat());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(parts.iter().all(|part| said.contains(part)), "{said}");
        assert_eq!(files(dir.path()), before);
    };
    refused(
        &["--seed", "2", "--measure", "0,every:5"],
        &["another spec", "seed = 1", "seed = 2"],
    );
    refused(
        &["--learning-rate", "0.25"],
        &["learning_rate", "below 0.25", "diverges"],
    );
    refused(
        &["--singular-values", "1,0"],
        &["singular_values", "above 0"],
    );
    refused(&["--width", "2"], &["width", "3 to 256"]);
    refused(&["--start=-1"], &["start", "above 0"]);
    refused(&["--layers", "17"], &["layers", "1 to 16"]);
    refused(&["--measure", "0,99"], &["measure", "99"]);
    let other = dir.path().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("mine.txt"), "x").unwrap();
    let output = run(&["linear", "--out", other.to_str().unwrap()]);
    assert!(text(&output.stderr).contains("not empty"));
}
