//! Files of version 0.1.0 (tests/fixtures/version-0.1.0, made by make.py there) work as they did: nothing is asked, nothing
//! is warned of, and the numbers are those that version 0.1.0 wrote.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::path::Path;

use common::{files, outcrop, text};

/// The files, copied: commands write into folders that they read.
struct Before(tempfile::TempDir);

impl Before {
    fn new() -> Self {
        let fixture = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/fixtures/version-0.1.0"
        );
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in files(Path::new(fixture)) {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        Self(dir)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs a command among the files: what it said on standard output, and on standard error.
    fn run(&self, words: &str) -> (String, String) {
        let output = outcrop()
            .args(words.split(' '))
            .current_dir(self.0.path())
            .output()
            .unwrap();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{words}: {err}");
        assert!(!err.contains("warning"), "{words}: {err}");
        (out, err)
    }

    /// Demands that two tables say the same.
    fn same_table(&self, ours: &str, before: &str, tolerance: f64) {
        let (ours, before) = (self.read(ours), self.read(before));
        assert_eq!(difference(&ours, &before, tolerance), None);
    }
}

/// The first cells of two CSV tables that differ, numbers by more than a share of the larger.
fn difference(a: &str, b: &str, tolerance: f64) -> Option<String> {
    let differs = |(a, b): &(&str, &str)| {
        let near = |a: f64, b: f64| (a - b).abs() <= tolerance * a.abs().max(b.abs());
        a != b && !matches!((a.parse(), b.parse()), (Ok(a), Ok(b)) if near(a, b))
    };
    if a.lines().count() != b.lines().count() {
        return Some("numbers of lines".into());
    }
    for (row, other) in a.lines().zip(b.lines()) {
        let (cells, others): (Vec<_>, Vec<_>) =
            (row.split(',').collect(), other.split(',').collect());
        let mut pairs = cells.iter().copied().zip(others.iter().copied());
        if cells.len() != others.len() || pairs.any(|pair| differs(&pair)) {
            return Some(format!("{row}\n{other}"));
        }
    }
    None
}

/// What the fits of another processor may differ by in the last digits.
const ROUNDING: f64 = 1e-5;
/// The same of training, whose steps build on each other.
const CHAOS: f64 = 0.02;

#[test]
fn a_finished_run_is_finished() {
    let before = Before::new();
    let whole = files(&before.path("run"));
    let (said, _) = before.run("train spec.toml --out run");
    assert!(said.contains("run was finished already"), "{said}");
    let now = files(&before.path("run"));
    for (name, bytes) in whole {
        assert!(now[&name] == bytes, "{name}");
    }
}

/// Where this processor computes the straight run to the bits of the one that made it, resuming must, too.
#[test]
fn an_unfinished_run_goes_on_to_the_end_of_the_straight_one() {
    let before = Before::new();
    before.run("-q train spec.toml --out straight");
    before.run("-q train spec.toml --out unfinished");
    let tables = ["measurements.csv", "loss.csv"];
    for table in tables {
        let (ours, theirs) = (format!("unfinished/{table}"), format!("run/{table}"));
        before.same_table(&ours, &theirs, CHAOS);
        let (ours, theirs) = (before.read(&ours), before.read(&theirs));
        let (kept, _) = theirs.split_once("\nm,45,").unwrap();
        assert!(ours.starts_with(kept), "{table}");
    }
    let [straight, resumed, run] =
        ["straight", "unfinished", "run"].map(|f| files(&before.path(f)));
    let model = Path::new("checkpoints/step-000120/model.safetensors")
        .display()
        .to_string();
    if straight[&model] == run[&model] {
        assert!(resumed[&model] == run[&model]);
        for table in tables {
            assert!(resumed[table] == run[table], "{table}");
        }
    }
}

#[test]
fn a_series_is_measured_to_its_end_and_compared_with_what_was_measured() {
    let before = Before::new();
    let series = "measure run/checkpoints --model m --sinks --out";
    let (said, _) = before.run(&format!("{series} measured"));
    assert!(
        said.contains("3 checkpoints in measured (1 measured before)"),
        "{said}"
    );
    let (said, _) = before.run(&format!("{series} measured-whole"));
    assert!(said.contains("(3 measured before)"), "{said}");
    for table in [
        "measurements.csv",
        "heads.csv",
        "places.csv",
        "architectures.csv",
    ] {
        let (ours, theirs) = (
            format!("measured/{table}"),
            format!("measured-whole/{table}"),
        );
        before.same_table(&ours, &theirs, ROUNDING);
    }
    let (said, _) = before.run("audit run/checkpoints");
    assert!(said.contains("0 findings, 0 suspect steps"), "{said}");
}

/// Fits without the intervals of emergence curves, which took residuals for independent in that version.
fn without_posterior(table: &str) -> String {
    let header: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    let of_noise = |name: &str| {
        let name = name.trim_matches('"');
        name.ends_with("_lo") || name.ends_with("_hi") || name == "p_peak"
    };
    let row = |row: &str| {
        if !row.contains(",emergence,") {
            return row.to_owned();
        }
        let cells = header.iter().zip(row.split(','));
        let kept = cells.map(|(name, cell)| if of_noise(name) { "" } else { cell });
        kept.collect::<Vec<_>>().join(",")
    };
    table.lines().map(row).collect::<Vec<_>>().join("\n")
}

#[test]
fn tables_are_fitted_to_the_same_numbers() {
    let before = Before::new();
    for (input, fits) in [
        ("run", "run/fits.csv"),
        ("results/measurements.csv", "results/fits.csv"),
    ] {
        before.run(&format!("fit {input} --out again.csv"));
        let [ours, theirs] = ["again.csv", fits].map(|name| without_posterior(&before.read(name)));
        assert_eq!(difference(&ours, &theirs, ROUNDING), None);
    }
    before.run("compare run results");
    before.run("forecast run --at 200");
}

#[test]
fn results_are_scored_learned_from_and_drawn() {
    let before = Before::new();
    before.run("predict results --out scores.csv");
    // regressors that came later have rows of their own
    let scores = before.read("scores.csv");
    let later = |line: &&str| !line.contains(",gaussian process,");
    let known: Vec<&str> = scores.lines().filter(later).collect();
    std::fs::write(before.path("scores.csv"), known.join("\n") + "\n").unwrap();
    before.same_table("scores.csv", "results/scores.csv", ROUNDING);
    before.run("predict --retrain results --layers 2 --d-model 24 --heads 1");
    before.run("explain results");
    before.run("report run");
    before.run("report results");
    let page = before.read("results/report/report.html");
    for model in ["1x16", "1x24", "1x32", "2x16", "2x24", "2x32"] {
        assert!(page.contains(model), "{model}");
    }
}

/// Its bands are of another kind than those of today, so it is refused with the way to a new one.
#[test]
fn a_saved_predictor_is_refused_with_the_way_out() {
    let before = Before::new();
    let words = "predict --predictor predictor.txt --layers 2 --d-model 24 --heads 1";
    let output = outcrop()
        .args(words.split(' '))
        .current_dir(before.0.path())
        .output()
        .unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains("predictor.txt") && said.contains("of format 3"),
        "{said}"
    );
    assert!(
        said.contains("outcrop predict --retrain RESULTS --save FILE"),
        "{said}"
    );
    before.run("predict --retrain results --save predictor.txt");
    before.run(words);
}

#[test]
fn a_difference_of_two_tables_is_found() {
    let table = "a,b\n1.0,x\n";
    assert_eq!(difference(table, "a,b\n1.000001,x\n", ROUNDING), None);
    for other in ["a,b\n1.1,x\n", "a,b\n1.0,y\n", "a,b\n1.0\n", "a,b\n"] {
        assert!(difference(table, other, ROUNDING).is_some(), "{other}");
    }
}
