//! Revisions of a hub, measured one after another: against a server on this machine.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use outcrop::checkpoint::Hub;
use outcrop::core::Provenance;

use crate::common::{outcrop, text};
use crate::kills::kill;
use crate::server::{Server, Wire, reply};
use crate::small::{STEPS, measure, rows, series, succeeded};

pub(crate) fn serve(of: &Path) -> Server {
    let server = Server::start();
    for (i, step) in STEPS.iter().enumerate() {
        for name in ["config.json", "model.safetensors"] {
            let bytes = fs::read(of.join(format!("step{step}")).join(name)).unwrap();
            server.put(&format!("step{step}"), &format!("{i:040x}"), name, &bytes);
        }
    }
    server
}

fn from_hub(server: &Server, dir: &Path, more: &[&str]) -> Output {
    let args = [
        "measure",
        "--hub",
        "org/tiny",
        "--windows",
        "3",
        "--length",
        "16",
    ];
    let (cache, out) = (dir.join("cache"), dir.join("out"));
    let mut command = outcrop();
    command
        .env("HF_ENDPOINT", &server.endpoint)
        .env("HF_TOKEN", "secret");
    command
        .args(args)
        .arg("--hub-cache")
        .arg(cache)
        .arg("--out")
        .arg(out);
    command.args(more).output().unwrap()
}

fn blobs(dir: &Path) -> usize {
    let blobs = dir.join("cache/models--org--tiny/blobs");
    fs::read_dir(blobs).map_or(0, |entries| entries.count())
}

#[test]
fn revisions_are_fetched_measured_and_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let (of, local) = (dir.path().join("tiny"), dir.path().join("local"));
    series(&of);
    let server = serve(&of);
    let steps = "0,1,2,4,8,16,32,64";
    succeeded(&from_hub(&server, dir.path(), &["--steps", steps]));
    assert_eq!(blobs(dir.path()), 0);
    assert!(!server.state.lock().unwrap().leaked);
    succeeded(&measure(&of, &local, &[]));
    let out = dir.path().join("out");
    assert_eq!(rows(&out), rows(&local));
    let hashes = |out: &Path| {
        Provenance::read(&out.join("provenance.json"))
            .unwrap()
            .inputs_sha256
    };
    assert_eq!(
        (hashes(&out), hashes(&out).len()),
        (hashes(&local), STEPS.len())
    );

    // what was measured is not fetched again, but for a config
    server.requests("");
    let again = from_hub(&server, dir.path(), &["--steps", steps]);
    succeeded(&again);
    assert!(
        text(&again.stdout).contains("(8 measured before)"),
        "{}",
        text(&again.stdout)
    );
    let gets = server.requests("GET /cdn");
    assert!(
        gets.iter().all(|get| get.contains("config.json")),
        "{gets:?}"
    );
    assert_eq!(blobs(dir.path()), 0);
}

/// A step that the hub has not is said; one whose download breaks off costs this step alone, and the same
/// command goes on. What the cache had before stays there.
#[test]
fn what_cannot_be_fetched_is_named_and_the_rest_is_measured() {
    let dir = tempfile::tempdir().unwrap();
    let of = dir.path().join("tiny");
    series(&of);
    let server = serve(&of);
    succeeded(&from_hub(&server, dir.path(), &["--steps", "0", "--keep"]));
    let kept = blobs(dir.path());
    assert!(kept > 0);
    server.state.lock().unwrap().breaks = vec![1000, 0];
    let more = ["--steps", "0,1,3,4", "--hub-attempts", "2"];
    let output = from_hub(&server, dir.path(), &more);
    let said = text(&output.stderr);
    assert!(
        said.contains("waiting 1 s: the download broke off"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("warning: steps that are not there: 3"),
        "{said}"
    );
    assert!(
        said.contains("step 1: failed to fetch") && said.contains("1 of 3"),
        "{said}"
    );
    let steps = |dir: &Path| {
        let mut steps: Vec<u64> = rows(&dir.join("out")).iter().map(|r| r.step).collect();
        steps.dedup();
        steps
    };
    assert_eq!(steps(dir.path()), [0, 4]);
    server.requests("");
    succeeded(&from_hub(&server, dir.path(), &["--steps", "0,1,4"]));
    let mut found = steps(dir.path());
    found.sort();
    assert_eq!(found, [0, 1, 4]);
    // the download of step 1 went on where it broke off
    let gets = server.requests("GET /cdn");
    assert!(
        gets.iter().any(|get| get.ends_with("bytes=1000-")),
        "{gets:?}"
    );
    assert_eq!(blobs(dir.path()), kept);
}

/// A model whose revisions name no step is measured at `main`, and said so; others are asked for.
#[test]
fn revisions_without_steps_are_main_or_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let of = dir.path().join("tiny");
    series(&of);
    let put = |server: &Server, revision: &str, step: u64| {
        for name in ["config.json", "model.safetensors"] {
            let bytes = fs::read(of.join(format!("step{step}")).join(name)).unwrap();
            server.put(revision, &format!("{step:040x}"), name, &bytes);
        }
    };
    let server = Server::start();
    put(&server, "main", 64);
    let output = from_hub(&server, dir.path(), &[]);
    succeeded(&output);
    let said = text(&output.stderr);
    assert!(said.contains("revision `main` is taken"), "{said}");
    let mut steps: Vec<u64> = rows(&dir.path().join("out"))
        .iter()
        .map(|r| r.step)
        .collect();
    steps.dedup();
    assert_eq!(steps, [0]);

    put(&server, "stage1-step16", 16);
    put(&server, "stage1-step-0016", 8);
    put(&server, "stage2-step8", 8);
    for (more, part) in [
        (&[][..], "`stage1` (2), `stage2` (1)"),
        (
            &["--revision", "stage1-step16,stage2-step8"],
            "several stages",
        ),
        (&["--steps", "0,8"], "--stage"),
        (&["--stage", "stage1"], "both step 16"),
        (
            &["--revision", "stage1-step16,stage1-step-0016"],
            "both step 16",
        ),
        (&["--revision", "stage1-step16,main"], "name its step"),
    ] {
        let fresh = tempfile::tempdir().unwrap();
        let output = from_hub(&server, fresh.path(), more);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(part), "{said}");
    }
    let fresh = tempfile::tempdir().unwrap();
    succeeded(&from_hub(
        &server,
        fresh.path(),
        &["--revision", "stage1-step16"],
    ));
    assert!(rows(&fresh.path().join("out")).iter().all(|r| r.step == 16));
}

/// A branch that moved is fetched and compared: other weights are named, the same ones are as before.
#[test]
fn revisions_that_moved_are_compared() {
    for more in [&["--steps", "0,1"][..], &["--steps", "0,1", "--no-audit"]] {
        let dir = tempfile::tempdir().unwrap();
        let of = dir.path().join("tiny");
        series(&of);
        let server = serve(&of);
        succeeded(&from_hub(&server, dir.path(), more));
        let put = |commit: u64, step: u64| {
            for name in ["config.json", "model.safetensors"] {
                let bytes = fs::read(of.join(format!("step{step}")).join(name)).unwrap();
                server.put("step1", &format!("{commit:040x}"), name, &bytes);
            }
        };
        put(100, 1);
        let output = from_hub(&server, dir.path(), more);
        succeeded(&output);
        assert!(text(&output.stdout).contains("(2 measured before)"));
        put(101, 64);
        let output = from_hub(&server, dir.path(), more);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("step 1: its weights have changed"), "{said}");
        succeeded(&from_hub(
            &server,
            dir.path(),
            &[more, &["--again"]].concat(),
        ));
        assert_eq!(blobs(dir.path()), 0);
    }
}

/// What a run fetched to delete it, and was killed over, goes with the next; what stays stays.
#[test]
fn what_a_killed_run_left_in_the_cache_is_deleted_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let of = dir.path().join("tiny");
    series(&of);
    let server = serve(&of);
    let hub = Hub::new(&server.endpoint, &dir.path().join("cache"));
    for step in ["step0", "step1"] {
        hub.set_passing("org/tiny", step, step == "step1").unwrap();
        hub.fetch("org/tiny", step).unwrap();
    }
    succeeded(&from_hub(&server, dir.path(), &["--steps", "0,1,2"]));
    assert!(hub.cached("org/tiny", "step0").unwrap().is_some());
    assert_eq!(hub.cached("org/tiny", "step1").unwrap(), None);
    assert_eq!(blobs(dir.path()), 2);
    let marks = dir.path().join("cache/models--org--tiny/outcrop-passing");
    assert_eq!(fs::read_dir(&marks).unwrap().count(), 0);
    succeeded(&from_hub(&server, dir.path(), &["--steps", "4", "--keep"]));
    succeeded(&from_hub(&server, dir.path(), &["--steps", "4"]));
    assert!(hub.cached("org/tiny", "step4").unwrap().is_some());
}

/// A hub that is busy for minutes is waited for, until the user does not want to.
#[cfg(unix)]
#[test]
fn a_wait_is_said_and_ends_with_ctrl_c() {
    use std::io::{BufRead, BufReader};

    let dir = tempfile::tempdir().unwrap();
    let server = Server::start();
    let busy = |_: &str, _: Vec<u8>, wire: &mut Wire| {
        wire.finish();
        wire.send(&reply(429, &["Retry-After: 299".into()], b""));
    };
    server.state.lock().unwrap().hostile = Some(std::sync::Arc::new(busy));
    let mut command = outcrop();
    command.args(["measure", "--hub", "org/tiny", "--steps", "0"]);
    command.env("HF_ENDPOINT", &server.endpoint);
    command.arg("--hub-cache").arg(dir.path());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    assert!(
        line.contains("waiting 300 s: the hub is busy (429)"),
        "{line}"
    );
    let mut kill = Command::new("kill");
    kill.args(["-INT", &child.id().to_string()]);
    assert!(kill.status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

/// A small share of what `cargo test -p outcrop-checkpoint --test hub -- --ignored` does.
#[test]
fn runs_that_are_killed_end_as_straight_ones() {
    let lost = kill(Path::new(env!("CARGO_BIN_EXE_outcrop")), 2, 7);
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}
