//! The client of the hub, against a server on this machine.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

mod catalogue;
mod catalogue_run;
mod clock;
mod damage;
mod kills;
mod processes;
mod server;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use clock::Clock;
use outcrop_checkpoint::{CheckpointSeries, Error, Hub, Tensor, Weights, verify, write_tensors};
use server::Server;

const REPO: &str = "org/model";

fn commit(i: u8) -> String {
    format!("{i:040x}")
}

/// A weight file of a few kilobytes.
fn weights(value: f32) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("w");
    let tensor = Tensor {
        name: "w".into(),
        shape: vec![1000],
        data: vec![value; 1000],
    };
    write_tensors(&path, &[tensor], &Default::default()).unwrap();
    fs::read(path).unwrap()
}

fn put(server: &Server, step: u64, i: u8, value: f32) {
    let revision = format!("step{step}");
    server.put(&revision, &commit(i), "config.json", b"{}");
    server.put(&revision, &commit(i), "README.md", b"not wanted");
    server.put(&revision, &commit(i), "model.safetensors", &weights(value));
    server.put(&revision, &commit(i), "pytorch_model.bin", &[0; 500]);
}

/// A client that does not wait.
fn client(server: &Server, cache: &Path) -> Hub {
    Hub::new(&server.endpoint, cache).with_caller(Arc::new(Clock::default()))
}

fn first(folder: &Path) -> f32 {
    let mut data = Vec::new();
    Weights::open(folder)
        .unwrap()
        .read_f32("w", &mut data)
        .unwrap();
    data[0]
}

#[test]
fn a_revision_is_fetched_once_verifies_and_is_a_series() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    put(&server, 0, 0, 1.0);
    put(&server, 512, 1, 2.0);
    let hub = client(&server, dir.path()).with_token("secret");
    assert_eq!(hub.cached(REPO, "step512").unwrap(), None);
    let mut last = (0, 0);
    let folder = hub
        .fetch_with(REPO, "step512", |t| last = (t.done, t.total.unwrap()))
        .unwrap();
    assert_eq!(last, (weights(2.0).len() as u64, weights(2.0).len() as u64));
    verify(&folder).unwrap();
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["SHA256SUMS", "config.json", "model.safetensors"]);
    assert!(
        !server.state.lock().unwrap().leaked,
        "the token went to another host"
    );
    server.requests("");
    assert_eq!(hub.fetch(REPO, "step512").unwrap(), folder);
    assert_eq!(hub.cached(REPO, "step512").unwrap(), Some(folder.clone()));
    assert_eq!(server.requests("").len(), 1);
    assert_eq!(first(&hub.fetch(REPO, "step0").unwrap()), 1.0);
    let series = CheckpointSeries::open(&dir.path().join("models--org--model")).unwrap();
    assert_eq!(
        series.entries.iter().map(|e| e.step).collect::<Vec<_>>(),
        [Some(0), Some(512)]
    );
    assert_eq!(series.get(512).unwrap().folder, folder);
}

#[test]
fn what_two_revisions_have_in_common_is_fetched_once_and_deleted_last() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    put(&server, 0, 0, 1.0);
    put(&server, 1, 1, 1.0);
    let hub = client(&server, dir.path());
    hub.fetch(REPO, "step0").unwrap();
    server.requests("");
    let folder = hub.fetch(REPO, "step1").unwrap();
    assert_eq!(server.requests("GET /cdn"), [""; 0]);
    let sums = |folder: &Path| fs::metadata(folder.join("SHA256SUMS")).unwrap().len();
    let own = sums(&folder);
    assert_eq!(hub.delete(REPO, "step0").unwrap(), own);
    assert_eq!(first(&folder), 1.0);
    verify(&folder).unwrap();
    let whole = own + weights(1.0).len() as u64 + 2;
    assert_eq!(hub.delete(REPO, "step1").unwrap(), whole);
    assert_eq!(hub.delete(REPO, "step1").unwrap(), 0);
    let blobs = dir.path().join("models--org--model/blobs");
    assert_eq!(fs::read_dir(blobs).unwrap().count(), 0);
}

#[test]
fn a_download_that_breaks_off_goes_on_from_there() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    put(&server, 8, 3, 1.5);
    server.state.lock().unwrap().breaks = vec![1000, 500];
    let hub = client(&server, dir.path());
    let folder = hub.fetch(REPO, "step8").unwrap();
    assert_eq!(first(&folder), 1.5);
    let path = format!("GET /cdn/{}/model.safetensors ", commit(3));
    let ranges: Vec<_> = server
        .requests(&path)
        .iter()
        .map(|line| line[path.len()..].to_owned())
        .collect();
    assert_eq!(ranges, ["", "bytes=1000-", "bytes=1500-"]);
}

/// Attempts that bring nothing end a fetch; the next call goes on, or begins anew where the server
/// knows no ranges.
#[test]
fn what_was_received_is_kept_for_the_next_call() {
    for no_ranges in [false, true] {
        let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
        put(&server, 8, 3, 1.5);
        server.state.lock().unwrap().breaks = [&[1000][..], &[0; 5]].concat();
        let hub = client(&server, dir.path());
        let error = hub.fetch(REPO, "step8").unwrap_err().to_string();
        assert!(
            error.starts_with("fetch http://") && error.contains("model.safetensors"),
            "{error}"
        );
        assert_eq!(hub.cached(REPO, "step8").unwrap(), None);
        server.state.lock().unwrap().no_ranges = no_ranges;
        server.requests("");
        assert_eq!(first(&hub.fetch(REPO, "step8").unwrap()), 1.5);
        let gets = server.requests("GET /cdn");
        assert!(
            gets.len() == 1 && gets[0].ends_with("bytes=1000-"),
            "{gets:?}"
        );
    }
}

/// `/dev/full` in the place of the download is a disk without room.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named_and_the_next_call_goes_on() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    put(&server, 8, 3, 1.5);
    let blobs = dir.path().join("models--org--model/blobs");
    fs::create_dir_all(&blobs).unwrap();
    let sum = outcrop_core::sha256_hex(&weights(1.5));
    let partial = blobs.join(format!("{sum}.incomplete"));
    std::os::unix::fs::symlink("/dev/full", &partial).unwrap();
    let hub = client(&server, dir.path());
    let error = hub.fetch(REPO, "step8").unwrap_err();
    assert!(matches!(error, Error::DiskFull { .. }), "{error}");
    let bytes = weights(1.5).len().to_string();
    assert!(error.to_string().contains(&bytes), "{error}");
    assert_eq!(hub.cached(REPO, "step8").unwrap(), None);
    fs::remove_file(&partial).unwrap();
    assert_eq!(first(&hub.fetch(REPO, "step8").unwrap()), 1.5);
}

#[test]
fn what_is_not_what_was_announced_is_not_kept() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    put(&server, 8, 3, 1.5);
    server.state.lock().unwrap().corrupt = true;
    let hub = client(&server, dir.path());
    let error = hub.fetch(REPO, "step8").unwrap_err().to_string();
    assert!(error.contains("announced was"), "{error}");
    server.state.lock().unwrap().corrupt = false;
    assert_eq!(first(&hub.fetch(REPO, "step8").unwrap()), 1.5);
}

#[test]
fn shards_are_fetched_with_their_index() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let put = |name: &str, bytes: &[u8]| server.put("main", &commit(5), name, bytes);
    put("model-2.safetensors", &weights(4.0));
    let index = |file: &str| format!("{{\"weight_map\": {{\"w\": \"{file}\"}}}}");
    put(
        "model.safetensors.index.json",
        index("model-2.safetensors").as_bytes(),
    );
    put("model-1.safetensors", b"not named by the index");
    let hub = client(&server, dir.path());
    assert_eq!(first(&hub.fetch(REPO, "main").unwrap()), 4.0);
    assert!(
        !server
            .requests("")
            .iter()
            .any(|line| line.contains("model-1"))
    );
    let put = |name: &str, bytes: &[u8]| server.put("evil", &commit(6), name, bytes);
    put("model.safetensors.index.json", index("../../x").as_bytes());
    let error = hub.fetch(REPO, "evil").unwrap_err().to_string();
    assert!(error.contains("which is not a file beside it"), "{error}");
}

#[test]
fn a_model_that_was_renamed_is_found() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    put(&server, 8, 3, 1.5);
    let hub = client(&server, dir.path());
    assert_eq!(first(&hub.fetch("old/model", "step8").unwrap()), 1.5);
}

#[test]
fn what_does_not_exist_is_named() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    put(&server, 8, 3, 1.5);
    server.put("empty", &commit(9), "README.md", b"");
    let hub = client(&server, dir.path());
    let error = hub.fetch(REPO, "step9").unwrap_err();
    assert!(matches!(error, Error::NoRevision { status: 404, .. }));
    let error = error.to_string();
    assert!(
        error.contains("org/model at revision step9: http://127.0.0.1"),
        "{error}"
    );
    let error = hub.fetch(REPO, "empty").unwrap_err().to_string();
    assert!(
        error.contains("none of the files model.safetensors"),
        "{error}"
    );
    for (repo, revision) in [
        ("../x", "main"),
        ("a/b/c", "main"),
        ("a/b", "../.."),
        ("", "main"),
        ("a/b", ""),
    ] {
        let error = hub.fetch(repo, revision).unwrap_err().to_string();
        assert!(error.contains("a model is named"), "{error}");
    }
    let gone = Hub::new("http://127.0.0.1:9", dir.path());
    let gone = gone
        .with_caller(Arc::new(Clock::default()))
        .fetch(REPO, "step8");
    assert!(
        gone.unwrap_err()
            .to_string()
            .starts_with("fetch http://127.0.0.1:9/api")
    );
}

/// Says how many of a group of faults were held, in the form that `cargo xtask bench faults` reads.
fn report(group: &str, tried: usize, lost: &[String]) {
    let (held, n) = (tried - lost.len(), lost.len());
    lost.iter()
        .for_each(|what| println!("\nlost: {group}: {what}"));
    println!("\nfaults: {group} tried {tried} held {held} lost {n}");
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

/// As `cargo xtask bench faults` calls it, with the command built beside this test; OUTCROP_FAULTS says
/// how many runs are killed [default: 100], OUTCROP_FAULTS_SEED when.
#[test]
#[ignore = "minutes, and needs the command: cargo build -p outcrop"]
fn runs_that_are_killed_end_as_straight_ones() {
    let here = std::env::current_exe().unwrap();
    let binary = here.ancestors().nth(2).unwrap().join("outcrop");
    assert!(binary.is_file(), "run `cargo build -p outcrop` first");
    let trials = std::env::var("OUTCROP_FAULTS").map_or(100, |n| n.parse().unwrap());
    let seed = std::env::var("OUTCROP_FAULTS_SEED").map_or(0, |n| n.parse().unwrap());
    report("hub-kills", trials, &kills::kill(&binary, trials, seed));
}
