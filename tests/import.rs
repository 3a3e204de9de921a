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

const STATS: &str = r#"{"model_name": "tiny", "num_hidden_layers": 1, "num_samples": 3, "per_layer_stats": {
    "layer_0_hidden": {"mean": 3.0, "std": 4.0, "abs_mean": 4.5, "rms": 5.0, "max": 9.0, "min": -99.0}, "layer_0_mlp_gate": {}}}"#;

#[test]
fn statistics_in_json_become_observables_with_their_source() {
    let dir = tempfile::tempdir().unwrap();
    let (set, out) = (dir.path().join("set"), dir.path().join("imported"));
    std::fs::create_dir_all(&set).unwrap();
    std::fs::write(set.join("tiny_activation_stats.json"), STATS).unwrap();
    let paths = [set.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let (said, warned) = run(&[&["import"], &paths[..], &["--step", "40"]].concat());
    assert!(said.contains("5 numbers of 1 checkpoint,"), "{said}");
    assert!(warned.contains("layer_N_mlp_gate is left out"), "{warned}");
    let rows =
        table::read_rows::<outcrop::core::Observation>(&out.join("observables.csv")).unwrap();
    let largest = rows
        .rows
        .iter()
        .find(|row| row.observable == "corpus_max_abs")
        .unwrap();
    assert_eq!(
        (largest.step, largest.layer, largest.value),
        (40, 1, Some(99.0))
    );
    let provenance = std::fs::read_to_string(out.join("provenance.json")).unwrap();
    assert!(
        provenance.contains("max-act-llm, published at https://github.com/"),
        "{provenance}"
    );
    // the format that is asked for is the one that is read, and what is of none is refused
    for (set, more, part) in [
        (
            &set,
            &["--format", "pythia-massive-activations"][..],
            "exp2_pythia_<size>_step<N>",
        ),
        (&out, &[], "no file in it has a name of a known format"),
        (&set, &["--format", "csv"], "max-act-llm"),
    ] {
        let line = [&["import", set.to_str().unwrap(), "--out", "x"], more].concat();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_outcrop"));
        let output = command
            .args(&line)
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert!(
            !output.status.success() && text(&output.stderr).contains(part),
            "{line:?}"
        );
    }
}
