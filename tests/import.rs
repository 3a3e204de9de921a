//! The published data set as a user has downloaded it: imported, compared, fitted, reported.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;

use outcrop::core::{Comparison, table};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn run(args: &[&str]) -> (String, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_outcrop"));
    let output = command.args(args).output().unwrap();
    assert!(
        output.status.success(),
        "{args:?}: {}",
        text(&output.stderr)
    );
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_data_set_is_imported_with_its_faults_named() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("imported").display().to_string();
    let set =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../outcrop-core/tests/fixtures/published");
    let (said, warned) = run(&["import", set.to_str().unwrap(), "--out", &out]);
    assert!(
        said.contains("layers of") && said.contains("problems"),
        "{said}"
    );
    let problems = std::fs::read_to_string(Path::new(&out).join("problems.txt")).unwrap();
    assert!(!problems.is_empty());
    // each is named on the way, too
    for problem in problems.lines() {
        assert!(warned.contains(problem), "{problem}");
    }
    let comparison = Path::new(&out).join("comparison.csv");
    let rows = table::read_rows::<Comparison>(&comparison).unwrap().rows;
    assert!(!rows.is_empty());
    // six checkpoints are too few: each layer has a row with the reason, and the status says so
    let fit = std::process::Command::new(env!("CARGO_BIN_EXE_outcrop"))
        .args(["fit", &out])
        .output()
        .unwrap();
    assert_eq!(fit.status.code(), Some(1));
    assert!(Path::new(&out).join("fits.csv").is_file());
    run(&["report", &out]);
    assert!(Path::new(&out).join("report/report.html").is_file());
}
