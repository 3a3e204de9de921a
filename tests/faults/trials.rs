//! Many trials, two at a time, and their outcomes.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many losses are told in words.
const TOLD: usize = 50;

/// Runs the trials 0 to `count` of a group; each says what was lost. A line with the counts goes to standard output,
/// which `cargo xtask bench faults` reads; then whatever was lost is an error.
pub(crate) fn hold(group: &str, count: usize, trial: impl Fn(usize) -> Result<(), String> + Sync) {
    let (next, lost) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    if let Err(what) = trial(number) {
                        lost.lock().unwrap().push((number, what));
                    }
                }
            });
        }
    });
    let mut lost = lost.into_inner().unwrap();
    lost.sort();
    let held = count - lost.len();
    println!(
        "faults: {group} tried {count} held {held} lost {}",
        lost.len()
    );
    for (number, what) in lost.iter().take(TOLD) {
        println!("lost: {group}, trial {number}: {what}");
    }
    assert!(lost.is_empty(), "{group}: {} of {count} lost", lost.len());
}

/// The seed of a trial: its number behind what the environment says, so that other cuts can be tried.
pub(crate) fn seed(trial: usize) -> u64 {
    let base = std::env::var("OUTCROP_FAULTS_SEED").ok();
    let base: u64 = base.map_or(0, |seed| seed.parse().expect("a seed is a number"));
    base * 1_000_003 + trial as u64
}
