//! `outcrop reproduce` as real processes: interrupted and killed as a whole, and started again.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use common::{files, outcrop, text};

/// Four runs, so that two workers are stopped in the middle of the set.
const PROFILE: &str = "name = 'sweep'
description = 'four small runs'
[base.arch]
layers = 1
d_model = 16
heads = 2
context = 32
[base.data]
corpus = 'bigram-backcopy'
[base.train]
steps = 60
batch = 4
learning_rate = 1e-2
warmup = 10
[base.schedule]
measure = '0,every:5'
save = 'every:20'
[[runs]]
model = 'a'
[[runs]]
model = 'b'
arch = { layers = 2 }
[[runs]]
model = 'c'
arch = { d_model = 32 }
[[runs]]
model = 'd'
arch = { heads = 1 }
";

fn reproduce(folder: &Path) -> Command {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("sweep.toml"), PROFILE).unwrap();
    let mut command = outcrop();
    command
        .current_dir(folder)
        .args(["reproduce", "--profile", "sweep.toml", "--out", "out"])
        .args(["--jobs", "2"]);
    command
}

/// Starts the set and waits until every one of `runs` has measured `step`.
fn start_until(folder: &Path, runs: &[&str], step: u64) -> Child {
    let mut child = reproduce(folder).spawn().unwrap();
    let clock = Instant::now();
    let reached = |run: &&str| {
        let file = folder.join("out/runs").join(run).join("measurements.csv");
        let line = format!("\n{run},{step},");
        std::fs::read_to_string(file).is_ok_and(|rows| rows.contains(&line))
    };
    while !runs.iter().all(reached) {
        assert!(child.try_wait().unwrap().is_none(), "ended before {step}");
        assert!(clock.elapsed() < Duration::from_secs(120), "hangs");
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

#[cfg(unix)]
#[test]
fn a_set_of_runs_that_was_stopped_ends_with_the_bits_of_a_straight_one() {
    let dir = tempfile::tempdir().unwrap();
    let (straight, stopped) = (dir.path().join("straight"), dir.path().join("stopped"));
    assert!(reproduce(&straight).status().unwrap().success());

    let mut child = start_until(&stopped, &["a"], 15);
    let interrupt = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(interrupt.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(
        !stopped.join("out/report/report.html").exists(),
        "an interrupted set has no report"
    );

    let mut child = start_until(&stopped, &["a", "b"], 50);
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();

    let output = reproduce(&stopped).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let (expected, mut found) = (files(&straight.join("out")), files(&stopped.join("out")));
    // Where the interruption fell, a checkpoint stays that a straight run does not write.
    found.retain(|name, _| expected.contains_key(name) || !name.contains("/checkpoints/"));
    assert_eq!(
        expected.keys().collect::<Vec<_>>(),
        found.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &expected {
        assert!(*bytes == found[name], "{name} differs");
    }
}

/// A run of the set that lost rows is named and left out of what follows, and `--repair` makes it whole.
#[test]
fn a_damaged_run_of_a_set_is_left_out_and_repaired() {
    let dir = tempfile::tempdir().unwrap();
    assert!(reproduce(dir.path()).status().unwrap().success());
    let out = dir.path().join("out");
    let straight = files(&out);
    let table = out.join("runs/b/measurements.csv");
    let rows = std::fs::read_to_string(&table).unwrap();
    std::fs::write(&table, rows.replacen("\nb,30,", "\nb,31,", 1)).unwrap();

    let output = reproduce(dir.path()).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("b: failed to resume") && said.contains("measurements.csv"),
        "{said}"
    );
    let left = std::fs::read_to_string(out.join("measurements.csv")).unwrap();
    assert!(!left.contains("\nb,") && left.contains("\nc,"));

    let repaired = reproduce(dir.path()).arg("--repair").output().unwrap();
    assert!(repaired.status.success(), "{}", text(&repaired.stderr));
    assert_eq!(files(&out), straight);
}

#[test]
fn of_two_processes_one_works_on_a_results_folder() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = start_until(dir.path(), &["a"], 5);
    let second = reproduce(dir.path()).output().unwrap();
    let said = text(&second.stderr);
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("`outcrop reproduce` (process "), "{said}");

    // what a run of the set is fitted into is that run's, too
    let fit = outcrop()
        .arg("fit")
        .arg(dir.path().join("out/runs/a"))
        .output();
    let fit = fit.unwrap();
    let said = text(&fit.stderr);
    assert!(
        fit.status.success() || said.contains("works on it"),
        "{said}"
    );
    assert!(first.wait().unwrap().success());
}
