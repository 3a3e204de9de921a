//! `outcrop sweep`: the manifest, its engines, and where runs stand.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../common/mod.rs"]
mod common;
mod designs;
mod short;

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use common::{files, outcrop, text};
use outcrop::core::FolderLock;
use serde_json::Value;

/// Two architectures, two seeds each.
const PROFILE: &str = "name = 'mine'
description = 'four small runs'
seeds = [1, 2]
[base.arch]
layers = 1
d_model = 16
heads = 2
context = 32
[base.train]
steps = 60
batch = 4
learning_rate = 1e-2
warmup = 10
[base.schedule]
measure = '0,every:5'
save = 'every:20'
";

const RUNS: &str = "[[runs]]
model = 'a'
[[runs]]
model = 'b'
arch = { layers = 2 }
";

/// `outcrop` with these words in a folder that has the profile `mine.toml`.
fn said(folder: &Path, profile: &str, line: &str) -> Output {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("mine.toml"), profile).unwrap();
    let mut command = outcrop();
    command.current_dir(folder).args(line.split_whitespace());
    command.output().unwrap()
}

fn succeeds(folder: &Path, profile: &str, line: &str) -> String {
    let output = said(folder, profile, line);
    assert!(output.status.success(), "{line}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn fails(folder: &Path, profile: &str, line: &str, status: i32) -> String {
    let output = said(folder, profile, line);
    assert_eq!(
        output.status.code(),
        Some(status),
        "{line}: {}",
        text(&output.stderr)
    );
    text(&output.stderr)
}

fn manifest(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("runs/mine/manifest.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn runs() -> String {
    format!("{PROFILE}{RUNS}")
}

#[test]
fn a_manifest_has_a_resolved_run_a_line_and_the_engine_trains_them_as_reproduce_does() {
    let dir = tempfile::tempdir().unwrap();
    let (swept, reproduced) = (dir.path().join("swept"), dir.path().join("reproduced"));
    let said = succeeds(&swept, &runs(), "sweep mine.toml");
    assert!(said.contains("4 runs of "), "{said}");
    let lines = manifest(&swept);
    let models: Vec<&str> = lines
        .iter()
        .map(|line| line["model"].as_str().unwrap())
        .collect();
    assert_eq!(models, ["a-s1", "a-s2", "b-s1", "b-s2"]);
    for (index, line) in lines.iter().enumerate() {
        assert_eq!(line["index"], index);
        assert_eq!(line["tokens"], 60 * 4 * 32);
        assert_eq!(line["id"].as_str().unwrap().len(), 16);
    }
    assert!(!swept.join("runs/mine/runs").exists());
    assert!(succeeds(&swept, &runs(), "sweep status runs/mine").starts_with("4 runs: 4 missing"));

    succeeds(&swept, &runs(), "sweep mine.toml --engine local --jobs 2");
    assert!(succeeds(&swept, &runs(), "sweep status runs/mine").starts_with("4 runs: 4 finished"));
    succeeds(
        &reproduced,
        &runs(),
        "reproduce --profile mine.toml --jobs 2",
    );
    assert_eq!(manifest(&swept), manifest(&reproduced));
    let of = |folder: &Path| files(&folder.join("runs/mine/runs"));
    assert_eq!(of(&swept), of(&reproduced));
    for line in &lines {
        let model = line["model"].as_str().unwrap();
        let spec =
            std::fs::read_to_string(swept.join("runs/mine/runs").join(model).join("run.toml"));
        assert_eq!(line["spec"], spec.unwrap());
    }
    succeeds(&swept, &runs(), "sweep report runs/mine");
    let table = |folder: &Path| std::fs::read(folder.join("runs/mine/fits.csv")).unwrap();
    assert!(table(&swept) == table(&reproduced));
}

#[test]
fn an_id_is_of_the_spec() {
    let dir = tempfile::tempdir().unwrap();
    let ids = |profile: &str| {
        succeeds(dir.path(), profile, "sweep mine.toml");
        let lines = manifest(dir.path());
        lines
            .iter()
            .map(|line| line["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let first = ids(&runs());
    assert_eq!(ids(&runs()), first);
    let other = ids(&runs().replace("layers = 2", "layers = 3"));
    assert_eq!((&other[..2], other[2] == first[2]), (&first[..2], false));
}

/// Of six combinations three heads do not divide 16 channels, and one is too large.
#[test]
fn scripts_are_written_where_nothing_is_submitted_and_only_for_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let said = succeeds(
        dir.path(),
        &runs(),
        "sweep mine.toml --engine slurm --pack 3 --max-array 1 --dry-run",
    );
    let slurm = dir.path().join("runs/mine/slurm");
    let script = |name: &str| std::fs::read_to_string(slurm.join(name)).unwrap();
    assert!(
        said.contains("array-000.sh  # 1 elements") && said.contains("array-001.sh"),
        "{said}"
    );
    assert!(
        script("array-001.sh").contains("--index \"$(((SLURM_ARRAY_TASK_ID + 1) * 3))\" --count 3")
    );
    assert!(script("report.sh").contains(" sweep report "));
    let checked = Command::new("bash")
        .arg("-n")
        .arg(slurm.join("array-001.sh"))
        .status();
    assert!(checked.is_err() || checked.unwrap().success());

    succeeds(
        dir.path(),
        &runs(),
        "sweep run --manifest runs/mine/manifest.jsonl --index 0 --count 3 --threads 2",
    );
    assert!(
        succeeds(dir.path(), &runs(), "sweep status runs/mine")
            .starts_with("4 runs: 3 finished, 1 missing")
    );
    let said = succeeds(
        dir.path(),
        &runs(),
        "sweep resubmit runs/mine --dry-run --sbatch time=10:00",
    );
    assert!(
        said.contains("array-000.sh  # 1 elements") && !said.contains("array-001.sh"),
        "{said}"
    );
    let again = script("array-000.sh");
    assert!(
        again.contains("SLURM_ARRAY_TASK_ID + 1) * 3") && again.contains("#SBATCH --time=10:00\n"),
        "{again}"
    );
    let report = succeeds(dir.path(), &runs(), "sweep report runs/mine");
    assert!(
        report.contains("without these runs:") && report.contains("b-s2"),
        "{report}"
    );
}

fn start_until(folder: &Path, line: &str, rows: &str) -> std::process::Child {
    let mut command = outcrop();
    let mut child = command
        .current_dir(folder)
        .args(line.split_whitespace())
        .spawn()
        .unwrap();
    let clock = Instant::now();
    let table = folder.join("runs/mine/runs/b-s1/measurements.csv");
    while !std::fs::read_to_string(&table).is_ok_and(|text| text.contains(rows)) {
        assert!(child.try_wait().unwrap().is_none(), "ended before {rows}");
        assert!(clock.elapsed() < Duration::from_secs(120), "hangs");
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

#[cfg(unix)]
#[test]
fn an_element_that_is_signalled_asks_to_be_queued_again_and_ends_with_the_same_bits() {
    const RUN: &str = "sweep run --manifest runs/mine/manifest.jsonl --index 2 --threads 1";
    let dir = tempfile::tempdir().unwrap();
    let runs = || runs().replace("steps = 60", "steps = 400");
    let (straight, stopped) = (dir.path().join("straight"), dir.path().join("stopped"));
    for folder in [&straight, &stopped] {
        succeeds(folder, &runs(), "sweep mine.toml");
    }
    succeeds(&straight, &runs(), RUN);
    for (signal, step) in [("-USR2", 5), ("-TERM", 200)] {
        let mut child = start_until(&stopped, RUN, &format!("\nb-s1,{step},"));
        let id = child.id().to_string();
        let kill = || Command::new("kill").args([signal, &id]).output().unwrap();
        assert!(kill().status.success(), "it ended before {signal}");
        kill(); // schedulers send several
        assert_eq!(child.wait().unwrap().code(), Some(75), "{signal}");
        let status = succeeds(&stopped, &runs(), "sweep status runs/mine");
        assert!(
            status.starts_with("4 runs: 1 stopped, 3 missing"),
            "{status}"
        );
    }
    let held = FolderLock::acquire(&stopped.join("runs/mine/runs/b-s1"), "somebody else").unwrap();
    let refused = fails(&stopped, &runs(), RUN, 1);
    assert!(refused.contains("somebody else works on it"), "{refused}");
    drop(held);
    let status = succeeds(&stopped, &runs(), "sweep status runs/mine");
    assert!(
        status.starts_with("4 runs: 1 stopped, 3 missing"),
        "{status}"
    );
    let mut child = start_until(&stopped, RUN, "\nb-s1,300,");
    child.kill().unwrap();
    child.wait().unwrap();
    succeeds(&stopped, &runs(), RUN);
    let (expected, found) = (
        files(&straight.join("runs/mine/runs")),
        files(&stopped.join("runs/mine/runs")),
    );
    for (name, bytes) in &expected {
        assert!(found.get(name) == Some(bytes), "{name} differs");
    }
}

#[test]
fn starts_without_progress_are_bounded() {
    const RUN: &str = "sweep run --manifest runs/mine/manifest.jsonl --index 0 --retries 1";
    let dir = tempfile::tempdir().unwrap();
    let absent = runs().replace(
        "[base.train]",
        "[base.data]\ncorpus = 'text:absent'\n[base.train]",
    );
    succeeds(dir.path(), &absent, "sweep mine.toml");
    for _ in 0..2 {
        let said = fails(dir.path(), &absent, RUN, 1);
        assert!(said.contains("a-s1: failed to"), "{said}");
    }
    let said = fails(dir.path(), &absent, RUN, 1);
    assert!(
        said.contains("started 2 times without coming further than step 0"),
        "{said}"
    );
    let status = succeeds(dir.path(), &absent, "sweep status runs/mine");
    assert!(
        status.starts_with("4 runs: 1 failed, 3 missing") && status.contains("started 2 times"),
        "{status}"
    );
}

#[test]
fn a_folder_without_a_manifest_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for command in ["status", "report", "resubmit"] {
        let said = fails(dir.path(), &runs(), &format!("sweep {command} ."), 1);
        assert!(said.contains("manifest.jsonl"), "{said}");
    }
}

/// An option that does nothing is refused, with what it needs.
#[test]
fn options_of_an_engine_that_is_not_asked_for_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (line, option, needed) in [
        ("--time 1:00", "--time", "--engine slurm"),
        ("--engine local --cpus 1", "--cpus", "--engine slurm"),
        (
            "--engine local --sbatch exclusive",
            "--sbatch",
            "--engine slurm",
        ),
        ("--dry-run", "--dry-run", "--engine slurm"),
        ("--jobs 2", "--jobs", "--engine local"),
        ("--engine slurm --in-order", "--in-order", "--engine local"),
        ("--engine slurm --repair", "--repair", "--engine local"),
    ] {
        let said = fails(dir.path(), &runs(), &format!("sweep mine.toml {line}"), 1);
        let expected = format!("accept {option}: it does nothing without {needed}");
        assert!(said.contains(&expected), "{line}: {said}");
    }
    let said = fails(dir.path(), &runs(), "sweep mine.toml --backend flex", 2);
    assert!(said.contains("--engine <ENGINE>"), "{said}");
    assert!(!dir.path().join("runs").exists());
}

/// Every command that writes into a folder of runs or measurements, on a folder that another process holds.
#[test]
fn the_second_process_says_who_holds_a_folder() {
    const SHORT: &str = "--set train.steps=4 --set train.warmup=1 --set schedule.save=last";
    let dir = tempfile::tempdir().unwrap();
    let train = format!("train {SHORT} --out runs/one");
    succeeds(dir.path(), &runs(), &train);
    succeeds(dir.path(), &runs(), "sweep mine.toml");
    for (folder, command) in [
        ("runs/one", train.as_str()),
        (
            "runs/seeds",
            &format!("train {SHORT} --seed 1,2 --out runs/seeds"),
        ),
        (
            "runs/measured",
            "measure runs/one/checkpoints --out runs/measured",
        ),
        ("runs/mine", "reproduce --profile mine.toml"),
        ("runs/mine", "sweep mine.toml"),
        ("runs/mine", "sweep mine.toml --engine local"),
        ("runs/mine", "sweep mine.toml --engine slurm"),
        ("runs/mine", "sweep resubmit runs/mine"),
        ("runs/mine", "sweep report runs/mine"),
        ("runs/linear", "linear --out runs/linear"),
    ] {
        let folder = dir.path().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let held = FolderLock::acquire(&folder, "a process since noon").unwrap();
        let said = fails(dir.path(), &runs(), command, 1);
        assert!(
            said.contains("a process since noon works on it"),
            "{command}: {said}"
        );
        drop(held);
    }
    // what a killed process leaves is no lock
    std::fs::write(dir.path().join("runs/one/.lock"), "a killed process\n").unwrap();
    succeeds(dir.path(), &runs(), &train);
}
