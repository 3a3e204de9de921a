//! Short runs, whose folders are brought to the disk together: killed, and after a power cut.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use outcrop::train::RunDir;

use crate::common::{files, outcrop, text};
use crate::{fails, succeeds};

/// So many that their folders get their names in several turns, of at most 64.
const RUNS: usize = 260;
const LINE: &str = "sweep mine.toml --engine local --jobs 2";

fn profile() -> String {
    format!(
        "name = 'mine'
description = 'short runs'
[base.arch]
layers = 1
d_model = 16
heads = 2
context = 32
[base.train]
steps = 5
batch = 4
warmup = 1
[base.schedule]
measure = '0,every:5'
save = 'last'
[design]
kind = 'grid'
[design.train]
seed = {{ from = 1, to = {RUNS} }}
"
    )
}

/// The folders of runs, those without their names apart.
fn folders(out: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let entries = std::fs::read_dir(out.join("runs/mine/runs")).into_iter();
    let paths = entries.flatten().flatten().map(|entry| entry.path());
    paths.partition(|path| !path.to_str().unwrap().contains("/.partial-"))
}

/// Starts the sweep and waits until so many runs have their names.
fn start_until(out: &Path, named: usize) -> Child {
    let mut command = outcrop();
    let command = command.current_dir(out).args(LINE.split_whitespace());
    let mut child = command.spawn().unwrap();
    let clock = Instant::now();
    while folders(out).0.len() < named {
        assert!(child.try_wait().unwrap().is_none(), "ended before {named}");
        assert!(clock.elapsed() < Duration::from_secs(120), "hangs");
        std::thread::sleep(Duration::from_micros(200));
    }
    child
}

/// What a power cut may leave of files that were not brought to the disk: nothing, or names without content.
fn lose(folder: &Path, names_too: bool) {
    for name in files(folder).keys() {
        let path = folder.join(name);
        match names_too {
            true => std::fs::remove_file(path).unwrap(),
            false => std::fs::write(path, "").unwrap(),
        }
    }
}

#[test]
fn what_has_a_name_is_whole_and_the_rest_is_trained_again() {
    let dir = tempfile::tempdir().unwrap();
    let (straight, killed) = (dir.path().join("straight"), dir.path().join("killed"));
    succeeds(&straight, &profile(), LINE);
    let of = |out: &Path| files(&out.join("runs/mine/runs"));
    let expected = of(&straight);
    assert_eq!(folders(&straight).0.len(), RUNS);

    succeeds(&killed, &profile(), "sweep mine.toml");
    let mut left = 0;
    for (named, lost) in [(1, None), (65, Some(true)), (129, Some(false)), (193, None)] {
        let mut child = start_until(&killed, named);
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        let (whole, partial) = folders(&killed);
        left += partial.len();
        for folder in &whole {
            assert!(RunDir::new(folder).state().unwrap().finished, "{folder:?}");
            let prefix = folder.file_name().unwrap().to_str().unwrap().to_owned() + "/";
            for (name, bytes) in files(folder) {
                let name = format!("{prefix}{name}");
                assert!(
                    name.ends_with("/.lock") || expected[&name] == bytes,
                    "{name}"
                );
            }
        }
        let status = succeeds(&killed, &profile(), "sweep status runs/mine");
        let finished = format!("{RUNS} runs: {} finished", whole.len());
        assert!(status.starts_with(&finished), "{status}");
        if let Some(names_too) = lost {
            partial.iter().for_each(|folder| lose(folder, names_too));
        }
    }
    assert!(left > 0, "no process was killed in the middle of a run");
    succeeds(&killed, &profile(), LINE);
    let mut found = of(&killed);
    // a process that is killed between the name of a folder and the end of its lock leaves the file
    found.retain(|name, _| !name.ends_with("/.lock"));
    assert!(found.keys().eq(expected.keys()), "{:?}", found.keys());
    for (name, bytes) in &expected {
        assert!(found[name] == *bytes, "{name} differs");
    }
    assert!(folders(&killed).1.is_empty());
}

#[cfg(unix)]
#[test]
fn a_sweep_that_is_interrupted_leaves_no_folder_without_its_name() {
    let dir = tempfile::tempdir().unwrap();
    succeeds(dir.path(), &profile(), "sweep mine.toml");
    let mut child = start_until(dir.path(), 3);
    let id = child.id().to_string();
    let kill = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(kill.success() && child.wait().unwrap().code() == Some(130));
    let (named, partial) = folders(dir.path());
    assert!(named.len() < RUNS && partial.is_empty(), "{partial:?}");
    succeeds(dir.path(), &profile(), LINE);
    let status = succeeds(dir.path(), &profile(), "sweep status runs/mine");
    assert!(status.starts_with(&format!("{RUNS} runs: {RUNS} finished")));
}

#[test]
fn short_runs_that_fail_are_named_and_left_missing() {
    let dir = tempfile::tempdir().unwrap();
    let absent = "[base.data]\ncorpus = 'text:absent'\n[base.train]";
    let failing = profile().replace("[base.train]", absent);
    let said = fails(dir.path(), &failing, LINE, 1);
    assert!(said.contains("mine-0001: failed to"), "{said}");
    assert!(folders(dir.path()).1.is_empty());
    let output = outcrop()
        .current_dir(dir.path())
        .args(["sweep", "status", "runs/mine"])
        .output();
    assert!(text(&output.unwrap().stdout).starts_with(&format!("{RUNS} runs: {RUNS} missing")));
}
