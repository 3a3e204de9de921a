//! Real processes, killed and started again.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::{files, outcrop, text};

/// Long enough to be caught in the middle, small enough for a test.
const SPEC: &str = "model = 'm'
[arch]
layers = 1
d_model = 16
heads = 2
context = 32
[data]
corpus = 'bigram-backcopy'
[train]
steps = 120
batch = 4
learning_rate = 1e-2
[schedule]
measure = '0,every:5'
save = 'every:20'
";

fn train(spec: &Path, out: &Path) -> std::process::Command {
    let mut command = outcrop();
    command.arg("train").arg(spec).arg("--out").arg(out);
    command
}

/// Starts a run and waits until it has measured `step`.
fn start_until(spec: &Path, out: &Path, step: u64) -> std::process::Child {
    spawn_until(train(spec, out), out, step)
}

fn spawn_until(mut command: std::process::Command, out: &Path, step: u64) -> std::process::Child {
    let mut child = command.spawn().unwrap();
    let clock = Instant::now();
    let line = format!("\nm,{step},");
    while !std::fs::read_to_string(out.join("measurements.csv")).is_ok_and(|t| t.contains(&line)) {
        assert!(
            child.try_wait().unwrap().is_none(),
            "ended before step {step}"
        );
        assert!(
            clock.elapsed() < Duration::from_secs(120),
            "never reached step {step}"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

/// Everything but the clock-free state file's intermediate forms: all of a finished run.
fn assert_same_bits(a: &Path, b: &Path) {
    let (a, b) = (files(a), files(b));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (name, bytes) in &a {
        assert!(*bytes == b[name], "{name} differs");
    }
}

#[test]
fn a_killed_run_ends_with_the_bits_of_a_straight_one() {
    let dir = tempfile::tempdir().unwrap();
    let spec = dir.path().join("spec.toml");
    std::fs::write(&spec, SPEC).unwrap();
    let (straight, killed) = (dir.path().join("straight"), dir.path().join("killed"));
    assert!(train(&spec, &straight).status().unwrap().success());
    for step in [10, 45, 75] {
        let mut child = start_until(&spec, &killed, step);
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
    }
    // A row that was torn by the kill.
    let measurements = killed.join("measurements.csv");
    let torn = std::fs::read_to_string(&measurements).unwrap() + "m,99,0,1,3.1";
    std::fs::write(&measurements, torn).unwrap();
    assert!(train(&spec, &killed).status().unwrap().success());
    assert_same_bits(&straight, &killed);
}

#[cfg(unix)]
#[test]
fn ctrl_c_writes_a_checkpoint_and_the_run_goes_on_to_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let spec = dir.path().join("spec.toml");
    std::fs::write(&spec, SPEC.replace("every:20", "last")).unwrap();
    let (straight, stopped) = (dir.path().join("straight"), dir.path().join("stopped"));
    assert!(train(&spec, &straight).status().unwrap().success());
    let mut child = start_until(&spec, &stopped, 30);
    let interrupt = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(interrupt.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let checkpoints = std::fs::read_dir(stopped.join("checkpoints")).unwrap();
    let names: Vec<_> = checkpoints.map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(train(&spec, &stopped).status().unwrap().success());
    // The checkpoint of the interruption stays; everything else is the same.
    std::fs::remove_dir_all(stopped.join("checkpoints").join(&names[0])).unwrap();
    assert_same_bits(&straight, &stopped);
}

/// The terminal is closed: a run without `nohup` stops as by Ctrl-C, one with it does not notice.
#[cfg(unix)]
#[test]
fn a_hang_up_stops_a_run_unless_it_is_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let spec = dir.path().join("spec.toml");
    std::fs::write(&spec, SPEC.replace("every:20", "last")).unwrap();
    let outs = ["straight", "nohup", "plain"].map(|name| dir.path().join(name));
    let [straight, nohup, plain] = &outs;
    assert!(train(&spec, straight).status().unwrap().success());
    let hang_up = |mut child: std::process::Child| {
        let sent = std::process::Command::new("kill")
            .args(["-HUP", &child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
        child.wait().unwrap().code()
    };
    let mut ignoring = std::process::Command::new("nohup");
    let run = train(&spec, nohup);
    ignoring.arg(run.get_program()).args(run.get_args());
    assert_eq!(hang_up(spawn_until(ignoring, nohup, 30)), Some(0));
    assert_same_bits(straight, nohup);

    // whoever runs the tests may ignore hang-ups itself
    let mut noticing = std::process::Command::new("env");
    if cfg!(target_os = "linux") {
        noticing.arg("--default-signal=HUP");
    }
    let run = train(&spec, plain);
    noticing.arg(run.get_program()).args(run.get_args());
    assert_eq!(hang_up(spawn_until(noticing, plain, 30)), Some(130));
    let checkpoints = std::fs::read_dir(plain.join("checkpoints")).unwrap();
    assert_eq!(checkpoints.count(), 1);
}

#[test]
fn a_finished_run_is_not_run_again_and_another_spec_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let spec = dir.path().join("spec.toml");
    std::fs::write(&spec, SPEC.replace("steps = 120", "steps = 60")).unwrap();
    let out = dir.path().join("run");
    assert!(train(&spec, &out).status().unwrap().success());
    let before = files(&out);
    let again = train(&spec, &out).output().unwrap();
    assert!(again.status.success() && text(&again.stdout).contains("finished already"));
    assert_eq!(files(&out), before);

    std::fs::write(&spec, SPEC.replace("d_model = 16", "d_model = 32")).unwrap();
    let other = train(&spec, &out).output().unwrap();
    assert_eq!(other.status.code(), Some(1));
    assert!(
        text(&other.stderr).contains("d_model = 16"),
        "{}",
        text(&other.stderr)
    );
    assert_eq!(files(&out), before);
}

/// A checkpoint whose files were damaged is skipped with its reason.
#[test]
fn a_damaged_checkpoint_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let spec = dir.path().join("spec.toml");
    std::fs::write(&spec, SPEC).unwrap();
    let (straight, damaged) = (dir.path().join("straight"), dir.path().join("damaged"));
    assert!(train(&spec, &straight).status().unwrap().success());
    let mut child = start_until(&spec, &damaged, 45);
    child.kill().unwrap();
    child.wait().unwrap();
    let model = damaged.join("checkpoints/step-000040/model.safetensors");
    let mut bytes = std::fs::read(&model).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&model, bytes).unwrap();
    let output = train(&spec, &damaged).output().unwrap();
    let said = text(&output.stderr);
    assert!(
        output.status.success() && said.contains("skipped"),
        "{said}"
    );
    assert_same_bits(&straight, &damaged);
}
