//! Two processes that want the same content: one fetches it, the other waits, by the lock of
//! `huggingface_hub`.

use std::fs::{self, File};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use outcrop_checkpoint::{Hub, HubCaller};
use outcrop_core::sha256_hex;

use crate::clock::Clock;
use crate::server::Server;
use crate::{REPO, client, first, put, weights};

/// Another process, which holds the lock of the weights.
#[derive(Debug)]
struct Other {
    lock: File,
    blobs: std::path::PathBuf,
}

impl Other {
    fn start(cache: &Path) -> Self {
        let blobs = cache.join("models--org--model/blobs");
        let locks = cache.join(".locks/models--org--model");
        fs::create_dir_all(&blobs).unwrap();
        fs::create_dir_all(&locks).unwrap();
        let path = locks.join(format!("{}.lock", sha256_hex(&weights(1.5))));
        fs::write(&path, "4711").unwrap();
        let lock = File::open(path).unwrap();
        lock.lock().unwrap();
        Self { lock, blobs }
    }
}

/// Waits until the other process has done its work, which takes five waits.
#[derive(Debug)]
struct Waiting {
    other: Mutex<Option<Other>>,
    finishes: bool,
    clock: Clock,
}

impl HubCaller for Waiting {
    fn wait(&self, time: Duration, why: &str) -> bool {
        let n = self.clock.heard.lock().unwrap().waits.len();
        let mut other = self.other.lock().unwrap();
        if let Some(Other { blobs, .. }) = other.as_ref().filter(|_| self.finishes) {
            let (sum, bytes) = (sha256_hex(&weights(1.5)), weights(1.5));
            let partial = blobs.join(format!("{sum}.incomplete"));
            fs::write(&partial, &bytes[..(n + 1) * 100]).unwrap();
            if n == 20 {
                fs::write(&partial, bytes).unwrap();
                fs::rename(&partial, blobs.join(sum)).unwrap();
                let _ = other.take().map(|other| other.lock.unlock());
            }
        }
        self.clock.wait(time, why)
    }

    fn now(&self) -> Duration {
        self.clock.now()
    }
}

fn fetch(finishes: bool) -> (Result<f32, String>, Arc<Waiting>, Vec<String>) {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    put(&server, 8, 3, 1.5);
    let waiting = Arc::new(Waiting {
        other: Mutex::new(Some(Other::start(dir.path()))),
        finishes,
        clock: Clock::default(),
    });
    let hub = Hub::new(&server.endpoint, dir.path()).with_caller(waiting.clone());
    let folder = hub.fetch(REPO, "step8").map_err(|e| e.to_string());
    (
        folder.map(|f| first(&f)),
        waiting,
        server.requests("GET /cdn"),
    )
}

#[test]
fn what_another_process_fetches_is_waited_for_and_used() {
    let (value, waiting, gets) = fetch(true);
    assert_eq!((value, gets), (Ok(1.5), Vec::new()));
    let said = waiting.clock.said();
    assert!(
        said.contains("another process (4711) is fetching model.safetensors"),
        "{said}"
    );
}

#[test]
fn a_process_that_brings_nothing_is_named() {
    let (value, waiting, _) = fetch(false);
    let error = value.unwrap_err();
    assert!(
        error.contains("another process (4711)") && error.contains(".lock"),
        "{error}"
    );
    let waited = waiting.clock.waited();
    assert!((120.0..160.0).contains(&waited), "{waited}");
}

#[test]
fn what_another_process_uses_is_not_deleted() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    put(&server, 8, 3, 1.5);
    let [ours, theirs] = [0, 1].map(|_| client(&server, dir.path()));
    let in_use = [&ours, &theirs].map(|hub| hub.in_use(REPO, "step8").unwrap());
    let folder = ours.fetch(REPO, "step8").unwrap();
    for guard in in_use {
        assert_eq!(theirs.delete(REPO, "step8").unwrap(), 0);
        assert_eq!(first(&folder), 1.5);
        drop(guard);
    }
    assert!(theirs.delete(REPO, "step8").unwrap() > 0);
    let locks = dir.path().join(".locks/models--org--model");
    assert_eq!(fs::read_dir(locks).unwrap().count(), 0);
}
