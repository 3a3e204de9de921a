//! `--out X.csv`, `X.json` and `X.parquet` mean that form, everywhere.

use std::path::Path;

use outcrop::core::table::{self, read_rows};
use outcrop::core::{CurvePoint, Fit, Forecast, Prediction};

use super::{path, refused, succeeded, trajectories};

const ATLAS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/atlas");

/// Commands that write a table, without where it goes.
fn commands(table: &str) -> Vec<Vec<&str>> {
    vec![
        vec!["fit", table, "--intervals", "0", "--hypothesis", "log only"],
        vec!["fit", table, "--backtest", "0.7", "--of", "checkpoints"],
        vec!["forecast", table, "--at", "20000"],
        vec![
            "predict",
            "--layers",
            "2",
            "--d-model",
            "64",
            "--heads",
            "1",
        ],
    ]
}

/// How a file of each form starts.
const FORMS: [(&str, &[u8]); 5] = [
    ("csv", b"model,layer,"),
    ("json", b"[\n  {\"model\":"),
    ("jsonl", b"{\"model\":"),
    ("parquet", b"PAR1"),
    ("txt", b"model"),
];

#[test]
fn the_suffix_says_the_form_for_every_command_and_folders_are_made() {
    let dir = tempfile::tempdir().unwrap();
    let input = path(dir.path(), "t.csv");
    std::fs::write(&input, trajectories()).unwrap();
    for (number, command) in commands(&input).into_iter().enumerate() {
        for (suffix, start) in FORMS {
            let out = path(dir.path(), &format!("deep/{number}/out.{suffix}"));
            succeeded(&[&command[..], &["--out", &out]].concat());
            let bytes = std::fs::read(&out).unwrap();
            assert!(bytes.starts_with(start), "{command:?} {suffix}");
        }
        let out = path(dir.path(), "out.dat");
        refused(
            &[&command[..], &["--out", &out]].concat(),
            &["out.dat", ".csv, .json, .jsonl, .parquet"],
        );
        let out = path(dir.path(), "out.json");
        let against = ["--out", &out, "--format", "csv"];
        refused(
            &[&command[..], &against].concat(),
            &["--format = csv", "allowed is json"],
        );
        refused(
            &[&command[..], &["--format", "parquet"]].concat(),
            &["--out FILE.parquet"],
        );
        assert!(!Path::new(&out).exists());
    }
}

/// What is written as Parquet says the same as what is written as CSV, as the command reads both.
#[test]
fn parquet_says_what_csv_says() {
    fn same<T: table::Row + std::fmt::Debug>(folder: &Path, command: &[&str]) {
        let [csv, parquet] = ["same.csv", "same.parquet"].map(|name| path(folder, name));
        for out in [&csv, &parquet] {
            succeeded(&[command, &["--out", out]].concat());
        }
        let read = |file: &str| read_rows::<T>(Path::new(file)).unwrap();
        let (before, after) = (read(&csv), read(&parquet));
        assert!(!before.rows.is_empty() && after.problems.is_empty());
        assert_eq!(format!("{:?}", before.rows), format!("{:?}", after.rows));
    }
    let dir = tempfile::tempdir().unwrap();
    let input = path(dir.path(), "t.csv");
    std::fs::write(&input, trajectories()).unwrap();
    let commands = commands(&input);
    same::<Fit>(dir.path(), &commands[0]);
    same::<Forecast>(dir.path(), &commands[1]);
    same::<Forecast>(dir.path(), &commands[2]);
    same::<Prediction>(dir.path(), &commands[3]);
}

#[test]
fn other_files_have_the_form_of_their_suffix_too() {
    let dir = tempfile::tempdir().unwrap();
    let input = path(dir.path(), "t.csv");
    std::fs::write(&input, trajectories()).unwrap();
    let [curves, svg, png] =
        ["a/c.parquet", "b/p.svg", "b/p.png"].map(|name| path(dir.path(), name));
    let fit = [
        "fit",
        &input,
        "--intervals",
        "0",
        "--hypothesis",
        "log only",
        "--curves",
    ];
    succeeded(&[&fit[..], &[&curves]].concat());
    let points = read_rows::<CurvePoint>(Path::new(&curves)).unwrap().rows;
    assert_eq!(points.len(), 200);
    refused(
        &[&fit[..], &["curves"]].concat(),
        &["--curves = curves", ".csv"],
    );

    let predict = [
        "predict",
        "--layers",
        "2",
        "--d-model",
        "64",
        "--heads",
        "1",
    ];
    succeeded(
        &[
            &predict[..],
            &["--svg", &svg, "--curves", &path(dir.path(), "c.json")],
        ]
        .concat(),
    );
    succeeded(&[&predict[..], &["--svg", &png]].concat());
    assert!(std::fs::read(&svg).unwrap().starts_with(b"<svg"));
    assert!(std::fs::read(&png).unwrap().starts_with(b"\x89PNG"));
    refused(
        &[&predict[..], &["--svg", "p.gif"]].concat(),
        &["--svg = p.gif", ".svg or .png"],
    );
}

#[test]
fn a_file_is_no_folder() {
    let dir = tempfile::tempdir().unwrap();
    for (command, name) in [
        (&["report", ATLAS][..], "page.html"),
        (&["explain", ATLAS], "shapley.csv"),
        (&["import", ATLAS], "all.csv"),
        (&["train", "--set", "train.steps=100"], "run.csv"),
        (&["train", "--seed", "1,2"], "runs.parquet"),
        (&["reproduce", "--profile", "tiny"], "scores.json"),
    ] {
        let out = path(dir.path(), name);
        refused(
            &[command, &["--out", &out]].concat(),
            &[name, "the name of a folder"],
        );
        assert!(!Path::new(&out).exists());
    }
}

#[test]
fn design_and_explain_too() {
    let dir = tempfile::tempdir().unwrap();
    let [out, best, folder] =
        ["d/x.parquet", "d/best.toml", "e"].map(|name| path(dir.path(), name));
    let design = [
        "design",
        ATLAS,
        "--target",
        "f_max<1000 on average",
        "--vary",
        "layers=2|3",
    ];
    succeeded(&[&design[..], &["--out", &out, "--best", &best]].concat());
    assert!(std::fs::read(&out).unwrap().starts_with(b"PAR1") && Path::new(&best).is_file());
    let explain = [
        "explain",
        ATLAS,
        "--repeats",
        "2",
        "--format",
        "parquet",
        "--out",
        &folder,
    ];
    succeeded(&explain);
    for name in ["shapley", "dependence", "importance"] {
        let table = dir.path().join("e").join(name).with_extension("parquet");
        assert!(std::fs::read(table).unwrap().starts_with(b"PAR1"), "{name}");
    }
}
