//! What is wrong in the cache, left by whoever: fetched again, never used.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use outcrop_checkpoint::{Error, Hub, git_blob_sha1, verify};
use outcrop_core::sha256_hex;

use crate::clock::Clock;
use crate::server::{Server, Wire};
use crate::{REPO, client, first, put, weights};

type Damage = fn(&mut Vec<u8>);

struct HubCache {
    server: Server,
    _dir: tempfile::TempDir,
    cache: PathBuf,
    blobs: PathBuf,
}

fn place() -> HubCache {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    put(&server, 8, 3, 1.5);
    let cache = dir.path().to_owned();
    let blobs = cache.join("models--org--model/blobs");
    HubCache {
        server,
        _dir: dir,
        cache,
        blobs,
    }
}

/// The files that were fetched since the last call.
fn fetched(server: &Server) -> Vec<String> {
    let gets = server.requests("GET ").into_iter();
    let gets = gets.filter(|line| line.starts_with("GET /cdn") || line.contains("config.json"));
    gets.map(|line| line.rsplit('/').next().unwrap().trim().to_owned())
        .collect()
}

#[test]
fn what_was_damaged_since_it_was_fetched_is_fetched_again() {
    let at = place();
    let folder = client(&at.server, &at.cache).fetch(REPO, "step8").unwrap();
    let (sum, config) = (sha256_hex(&weights(1.5)), git_blob_sha1(b"{}"));
    fetched(&at.server);
    client(&at.server, &at.cache).fetch(REPO, "step8").unwrap();
    assert_eq!(fetched(&at.server), [""; 0]);
    let damages: [(&str, &str, Damage); 4] = [
        (&sum, "model.safetensors", |bytes| bytes[2000] ^= 4),
        (&sum, "model.safetensors", |bytes| bytes.truncate(3000)),
        (&sum, "model.safetensors", Vec::clear),
        (&config, "config.json", |bytes| bytes[1] = b' '),
    ];
    // with the list of what was fetched, and as `huggingface_hub` leaves it, without
    for listed in [true, false] {
        for (blob, file, damage) in &damages {
            let path = at.blobs.join(blob);
            let mut bytes = fs::read(&path).unwrap();
            damage(&mut bytes);
            fs::write(&path, bytes).unwrap();
            if !listed {
                fs::remove_file(folder.join("SHA256SUMS")).unwrap();
            }
            let clock = Arc::new(Clock::default());
            let hub = Hub::new(&at.server.endpoint, &at.cache).with_caller(clock.clone());
            assert_eq!(hub.cached(REPO, "step8").unwrap(), None);
            assert_eq!(hub.fetch(REPO, "step8").unwrap(), folder);
            assert_eq!(fetched(&at.server), [*file]);
            assert!(clock.said().contains(&format!("{file} is damaged")));
            verify(&folder).unwrap();
            assert_eq!(first(&folder), 1.5);
        }
    }
    fs::remove_file(at.blobs.join(&sum)).unwrap();
    client(&at.server, &at.cache).fetch(REPO, "step8").unwrap();
    assert_eq!(fetched(&at.server), ["model.safetensors"]);
}

#[test]
fn a_beginning_of_another_content_is_not_gone_on_with() {
    let sum = sha256_hex(&weights(1.5));
    for left in [weights(2.5)[..3000].to_vec(), vec![7; 100_000]] {
        let at = place();
        fs::create_dir_all(&at.blobs).unwrap();
        fs::write(at.blobs.join(format!("{sum}.incomplete")), left).unwrap();
        let folder = client(&at.server, &at.cache).fetch(REPO, "step8").unwrap();
        verify(&folder).unwrap();
        assert_eq!(first(&folder), 1.5);
    }
}

/// Of what killed processes left the youngest stay, and what a live process holds.
#[test]
fn what_killed_processes_left_does_not_grow() {
    let at = place();
    fs::create_dir_all(&at.blobs).unwrap();
    let locks = at.cache.join(".locks/models--org--model");
    fs::create_dir_all(&locks).unwrap();
    for age in 0..20u64 {
        let file = fs::File::create(at.blobs.join(format!("{age:064x}.incomplete"))).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age);
        file.set_modified(time).unwrap();
    }
    let live = fs::File::create(locks.join(format!("{:064x}.lock", 19))).unwrap();
    live.lock().unwrap();
    client(&at.server, &at.cache).fetch(REPO, "step8").unwrap();
    let entries = fs::read_dir(&at.blobs).unwrap();
    let names = entries.map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut left: Vec<_> = names.filter(|name| name.ends_with(".incomplete")).collect();
    left.sort();
    assert_eq!(
        left,
        [0, 1, 2, 3, 19].map(|age| format!("{age:064x}.incomplete"))
    );
    client(&at.server, &at.cache).delete(REPO, "step8").unwrap();
    assert_eq!(fs::read_dir(&locks).unwrap().count(), 1);
}

#[test]
fn a_fetch_stops_when_the_user_wants_it_and_goes_on_later() {
    let at = place();
    at.server.state.lock().unwrap().breaks = vec![1000];
    let clock = Clock {
        patience: 1,
        ..Clock::default()
    };
    let hub = Hub::new(&at.server.endpoint, &at.cache).with_caller(Arc::new(clock));
    let error = hub.fetch(REPO, "step8").unwrap_err();
    assert!(matches!(error, Error::Stopped { .. }), "{error}");
    at.server.requests("");
    let folder = client(&at.server, &at.cache).fetch(REPO, "step8").unwrap();
    assert_eq!(first(&folder), 1.5);
    let gets = at.server.requests("GET /cdn");
    assert!(
        gets.len() == 1 && gets[0].ends_with("bytes=1000-"),
        "{gets:?}"
    );
}

/// A hub that cannot be reached is asked six times, and once for each further thing.
#[test]
fn a_hub_that_is_down_is_not_waited_for_again_and_again() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(Clock::default());
    let hub = Hub::new("http://127.0.0.1:9", dir.path()).with_caller(clock.clone());
    for waits in [5, 5, 5] {
        hub.fetch(REPO, "step8").unwrap_err();
        assert_eq!(clock.heard.lock().unwrap().waits.len(), waits);
    }
    assert!(
        clock.said().contains("the connection failed"),
        "{}",
        clock.said()
    );
    assert!(
        (15.0..=31.0).contains(&clock.waited()),
        "{}",
        clock.waited()
    );
}

/// Marks of static servers are made of size and time, so that two files may have one: each is fetched.
#[test]
fn a_mark_that_is_no_hash_names_a_file_at_its_address_alone() {
    let at = place();
    put(&at.server, 9, 4, 2.5);
    let hostile = |line: &str, good: Vec<u8>, wire: &mut Wire| {
        wire.finish();
        let head = line.starts_with("HEAD") && line.contains("safetensors");
        let mut text = String::from_utf8_lossy(&good).into_owned();
        if let Some(begin) = text.find("X-Linked-Etag: ").filter(|_| head) {
            text.replace_range(begin + 16..begin + 16 + 64, "5f3b-1000");
        }
        wire.send(if head { text.as_bytes() } else { &good });
    };
    at.server.state.lock().unwrap().hostile = Some(Arc::new(hostile));
    for (revision, value) in [("step8", 1.5), ("step9", 2.5), ("step8", 1.5)] {
        let folder = client(&at.server, &at.cache).fetch(REPO, revision).unwrap();
        verify(&folder).unwrap();
        assert_eq!(first(&folder), value);
    }
}
