//! Tables of a folder are found in one way by every command.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;
#[path = "common/measured.rs"]
mod measured;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use common::{files, outcrop, text};

/// Commands that read tables of folders; each in FOLDER, which is replaced.
const COMMANDS: &[&str] = &[
    "fit FOLDER/runs/m0 --out -",
    "fit FOLDER --out - --format csv --intervals 0",
    "forecast FOLDER/runs/m0 --at 9000",
    "compare FOLDER/runs/m0 FOLDER/runs/m1 --format csv",
    "compare FOLDER",
    "predict FOLDER",
    "predict FOLDER --arch FOLDER/runs/m3",
    "explain FOLDER --repeats 2 --regressor ridge --features l/L,L,d",
    "design FOLDER --target f_max<1000 --vary layers",
    "report FOLDER/runs/m0 --title same",
];

fn squeeze(table: &Path) {
    let bytes = std::fs::read(table).unwrap();
    let name = format!("{}.gz", table.file_name().unwrap().display());
    let file = std::fs::File::create(table.with_file_name(name)).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    gzip.write_all(&bytes).unwrap();
    gzip.finish().unwrap();
    std::fs::remove_file(table).unwrap();
}

#[test]
fn compressed_tables_are_as_good_as_others() {
    let parent = tempfile::tempdir().unwrap();
    let folders = ["plain", "gzip"].map(|name| parent.path().join(name));
    for folder in &folders {
        measured::six_models(&folder.join("runs"));
    }
    let [_, gzip] = &folders;
    for run in std::fs::read_dir(gzip.join("runs")).unwrap() {
        squeeze(&run.unwrap().path().join("measurements.csv"));
    }
    for command in COMMANDS {
        let [expected, found] = ["plain", "gzip"].map(|name| {
            let command = command.replace("FOLDER", name);
            let mut process = outcrop();
            process.args(command.split(' ')).current_dir(parent.path());
            let output = process.output().unwrap();
            assert!(
                output.status.success(),
                "{command}: {}",
                text(&output.stderr)
            );
            text(&output.stdout).replace("gzip", "plain")
        });
        // columns are as wide as the names in them
        let words =
            |said: &str| -> Vec<String> { said.split_whitespace().map(str::to_owned).collect() };
        assert_eq!(words(&expected), words(&found), "{command}");
    }
    let page = Path::new("runs/m0/report/report.html");
    let [expected, mut found] = folders
        .each_ref()
        .map(|folder| files(&folder.join("runs/m0/report")));
    // the page links to the table that is there
    let html = found.get_mut("report.html").unwrap();
    let linked = text(html).replace("measurements.csv.gz", "measurements.csv");
    assert_ne!(linked.as_bytes(), html);
    *html = linked.into_bytes();
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&expected), names(&found));
    for (name, bytes) in &expected {
        assert!(bytes == &found[name], "{name} differs");
    }
    assert!(gzip.join(page).is_file());
}

/// By itself too, whatever its name is; one that was cut short is an error.
#[test]
fn a_compressed_table_by_itself() {
    let parent = tempfile::tempdir().unwrap();
    measured::run(&parent.path().join("m"), "m", 2, 16);
    let table = parent.path().join("m/measurements.csv");
    squeeze(&table);
    let packed = parent.path().join("m/measurements.csv.gz");
    let fit = |path: &Path| outcrop().arg("fit").arg(path).output().unwrap();
    assert!(fit(&packed).status.success());
    let other = parent.path().join("table.dat");
    let bytes = std::fs::read(&packed).unwrap();
    std::fs::write(&other, &bytes).unwrap();
    assert_eq!(fit(&other).stdout, fit(&packed).stdout);
    std::fs::write(&other, &bytes[..bytes.len() / 2]).unwrap();
    let cut = fit(&other);
    assert_eq!(cut.status.code(), Some(1));
    assert!(
        text(&cut.stderr).contains("table.dat"),
        "{}",
        text(&cut.stderr)
    );
}

#[test]
fn seeds_of_one_architecture_explain_nothing() {
    let parent = tempfile::tempdir().unwrap();
    for seed in ["a", "b", "c", "d"] {
        measured::run(&parent.path().join("runs").join(seed), seed, 2, 16);
    }
    let folder = parent.path().to_str().unwrap();
    for regressor in ["shape", "ridge"] {
        let output = outcrop()
            .args(["explain", folder, "--regressor", regressor])
            .output()
            .unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("its 4 models are of one architecture"),
            "{said}"
        );
        assert!(
            !said.contains("NaN") && !parent.path().join("explain").exists(),
            "{said}"
        );
    }
}
