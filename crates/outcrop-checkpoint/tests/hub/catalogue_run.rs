//! The catalogue, entry by entry: each ends as it must after a bounded number of requests, leaves nothing
//! wrong under a final name, and does not stand in the way of an honest server afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use outcrop_checkpoint::{Hub, HubLimits, git_blob_sha1, verify};
use outcrop_core::sha256_file;

use crate::catalogue::{Ask, Behaviour, CATALOGUE, Deed, Kind, Must};
use crate::clock::Clock;
use crate::kills::Noise;
use crate::server::{Server, Wire, reply};
use crate::{REPO, first, put, report, weights};

/// More requests than any entry may cost.
const MOST: usize = 40;

fn kind(line: &str) -> Option<Kind> {
    match line {
        l if l.starts_with("GET /api") => Some(Kind::List),
        l if l.starts_with("HEAD") && l.contains(".safetensors") => Some(Kind::Head),
        l if l.starts_with("GET /cdn") => Some(Kind::Content),
        _ => None,
    }
}

fn make_hostile(server: &Server, act: impl Fn(&Ask<'_>) -> Option<Deed> + Send + Sync + 'static) {
    let (counts, whole) = (Mutex::new(BTreeMap::<String, usize>::new()), weights(1.5));
    let endpoint = server.endpoint.clone();
    let hostile = move |line: &str, good: Vec<u8>, wire: &mut Wire| {
        let deed = kind(line).and_then(|kind| {
            let mut counts = counts.lock().unwrap();
            let n = counts.entry(format!("{kind:?}")).or_default();
            *n += 1;
            let from = line.split_once("bytes=").map_or("", |(_, range)| range);
            act(&Ask {
                kind,
                n: *n - 1,
                from: from.trim_end_matches('-').parse().unwrap_or(0),
                good: &good,
                whole: &whole,
                endpoint: &endpoint,
            })
        });
        perform(deed.unwrap_or(Deed::Send(good)), wire);
    };
    server.state.lock().unwrap().hostile = Some(Arc::new(hostile));
}

fn perform(deed: Deed, wire: &mut Wire) {
    match deed {
        Deed::Send(bytes) => {
            wire.finish();
            wire.send(&bytes);
        }
        Deed::Reset(bytes) => {
            wire.send(&bytes);
        }
        Deed::Drip(bytes) => {
            wire.finish();
            let (head, body) = bytes.split_at(bytes.len() - 3000);
            let mut pieces = [head].into_iter().chain(body.chunks(1));
            while pieces.next().is_some_and(|piece| wire.send(piece)) {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        Deed::Endless(head, piece) => {
            wire.finish();
            wire.send(&head);
            while wire.send(piece) {}
        }
        Deed::Stall => {
            wire.finish();
            std::thread::sleep(Duration::from_secs(2));
        }
    }
}

/// Whether each file that has its final name has its content.
fn sound(cache: &Path) -> Result<(), String> {
    let blobs = cache.join("models--org--model/blobs");
    for entry in fs::read_dir(&blobs).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let is = [
            sha256_file(&path).unwrap(),
            git_blob_sha1(&fs::read(&path).unwrap()),
        ];
        if !name.ends_with(".incomplete") && !is.contains(&name) {
            return Err(format!("the blob {name} has another content"));
        }
    }
    match fs::read_dir(cache.parent().unwrap()).unwrap().count() {
        0 | 1 => Ok(()),
        _ => Err("something was written beside the cache".into()),
    }
}

fn limits(behaviour: &Behaviour) -> HubLimits {
    let mut limits = HubLimits::default();
    limits.unannounced = 1 << 20;
    limits.silence = match behaviour.tick {
        0 if behaviour.name == "never answers" => Duration::from_millis(100),
        0 => Duration::from_secs(20),
        tick => Duration::from_secs(2 * tick),
    };
    limits
}

/// What is wrong with the outcome, if anything is.
fn run(behaviour: &Behaviour) -> Result<(), String> {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    put(&server, 8, 3, 1.5);
    make_hostile(&server, behaviour.act);
    let cache = dir.path().join("cache");
    let clock = Arc::new(Clock {
        tick: Duration::from_secs(behaviour.tick),
        ..Clock::default()
    });
    let hub = |clock: Arc<Clock>| {
        let hub = Hub::new(&server.endpoint, &cache).with_token("secret");
        hub.with_limits(limits(behaviour)).with_caller(clock)
    };
    let outcome = hub(clock.clone()).fetch(REPO, "step8");
    let outcome = outcome.map_err(|e| e.to_string());
    let (waited, said) = (clock.waited(), clock.said());
    let told = format!("{outcome:?} after {waited} s: {said}");
    let right = match (&behaviour.must, &outcome) {
        (Must::Fetch, Ok(_)) => true,
        (Must::FetchAfter(seconds), Ok(_)) => waited >= *seconds && waited <= *seconds + 2.0,
        (Must::Refuse(words), Err(error)) => error.contains(words) && waited > 0.0,
        (Must::RefuseAtOnce(words), Err(error)) => error.contains(words) && waited == 0.0,
        _ => false,
    };
    let (asked, leaked) = (
        server.requests("").len(),
        server.state.lock().unwrap().leaked,
    );
    if !right || asked > MOST || leaked {
        return Err(format!("{told}; {asked} requests, token leaked: {leaked}"));
    }
    if let Ok(folder) = &outcome {
        verify(folder).map_err(|e| e.to_string())?;
        assert_eq!(first(folder), 1.5);
    } else if hub(Arc::default()).cached(REPO, "step8").unwrap().is_some() {
        return Err("what was refused is in the cache".into());
    }
    sound(&cache)?;
    server.state.lock().unwrap().hostile = None;
    let folder = hub(Arc::default()).fetch(REPO, "step8");
    let folder = folder.map_err(|e| format!("an honest server does not help: {e}"))?;
    verify(&folder).map_err(|e| e.to_string())?;
    sound(&cache)
}

/// What is wrong with each entry that did not end as it must, all of them side by side.
fn lost() -> Vec<String> {
    let runs: Vec<_> = CATALOGUE
        .iter()
        .map(|entry| std::thread::spawn(move || (entry.name, run(entry))))
        .collect();
    let ends = runs.into_iter().filter_map(|thread| {
        let (name, outcome) = thread.join().unwrap();
        Some(format!("{name}: {}", outcome.err()?))
    });
    ends.collect()
}

#[test]
fn every_entry_of_the_catalogue_ends_as_it_must() {
    let lost = lost();
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

/// The same, counted for `cargo xtask bench faults`.
#[test]
#[ignore = "as every_entry_of_the_catalogue_ends_as_it_must"]
fn the_catalogue_is_counted() {
    let lost = lost();
    report("hub-catalogue", CATALOGUE.len(), &lost);
}

/// A server that does anything at any request, by chance; the honest one afterwards ends it well.
fn random(seed: u64) -> Result<(), String> {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    put(&server, 8, 3, 1.5);
    let noise = Mutex::new(Noise(seed));
    make_hostile(&server, move |ask| {
        let mut noise = noise.lock().unwrap();
        let mut below = |n: usize| (noise.next() * n as f64) as usize;
        let mut bytes = ask.good.to_vec();
        let at = below(bytes.len());
        match below(14) {
            0 => bytes.truncate(at),
            1 => return Some(Deed::Reset(bytes[..at].to_vec())),
            // what the list and the head say is taken as said
            2 if ask.kind == Kind::Content => bytes[at] ^= 1 << below(8),
            3 => bytes.extend(vec![b' '; at]),
            4 => bytes = reply([206, 408, 416, 429, 500, 503][below(6)], &[], &bytes[..at]),
            5 => drop(bytes.drain(..at)),
            6 => bytes = bytes.repeat(2),
            _ => return None,
        }
        Some(Deed::Send(bytes))
    });
    let cache = dir.path().join("cache");
    let fetch = || {
        let hub = Hub::new(&server.endpoint, &cache).with_caller(Arc::new(Clock::default()));
        hub.fetch(REPO, "step8").map_err(|e| e.to_string())
    };
    for honest in [false, false, true] {
        if honest {
            server.state.lock().unwrap().hostile = None;
        }
        match fetch() {
            Ok(folder) => {
                verify(&folder).map_err(|e| e.to_string())?;
                if first(&folder) != 1.5 {
                    return Err("other weights were taken".into());
                }
            }
            Err(error) if honest => return Err(error),
            Err(_) => {}
        }
        let asked = server.requests("").len();
        if asked > MOST {
            return Err(format!("{asked} requests"));
        }
        sound(&cache)?;
    }
    Ok(())
}

fn lost_at_random(seeds: std::ops::Range<u64>) -> Vec<String> {
    let lost = seeds.filter_map(|seed| Some(format!("seed {seed}: {}", random(seed).err()?)));
    lost.collect()
}

#[test]
fn a_server_that_does_anything_does_no_harm() {
    let lost = lost_at_random(0..20);
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

/// The same, more of it, counted for `cargo xtask bench faults`.
#[test]
#[ignore = "as a_server_that_does_anything_does_no_harm, longer"]
fn servers_that_do_anything_are_counted() {
    report("hub-random", 2000, &lost_at_random(1000..3000));
}

#[test]
fn names_of_the_catalogue_differ() {
    let names: std::collections::BTreeSet<_> = CATALOGUE.iter().map(|entry| entry.name).collect();
    assert_eq!(names.len(), CATALOGUE.len());
}
