//! Memory over many checkpoints, alone in its process.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test")]

mod tiny;

use std::sync::atomic::AtomicBool;

use outcrop_checkpoint::CheckpointSeries;
use outcrop_series::{CheckpointSource, Folder, SeriesEvent, SeriesOptions, measure_series};
use outcrop_tokens::Sequences;
use tiny::{options, series};

/// As many checkpoints as Pythia has: what the process holds at the last is what it held early.
#[test]
#[cfg(target_os = "linux")]
fn memory_is_flat_over_checkpoints() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("tiny");
    series(&at, 154);
    let out = Folder::new(dir.path().join("out"));
    let chosen = SeriesOptions {
        audit: None,
        ..options("all")
    };
    let source = CheckpointSource::Local(CheckpointSeries::open(&at).unwrap());
    let tokens = Sequences::of(vec![(0..32).collect()], None, "one".into());
    let mut held = Vec::new();
    let mut watch = |event: SeriesEvent<'_>| {
        if matches!(event, SeriesEvent::Measured { .. }) {
            let status = std::fs::read_to_string("/proc/self/statm").unwrap();
            let pages: f64 = status.split(' ').nth(1).unwrap().parse().unwrap();
            held.push(pages);
        }
    };
    let stop = AtomicBool::new(false);
    measure_series(&source, &tokens, &out, &chosen, &stop, &mut watch).unwrap();
    let (early, late) = (held[20..40].iter(), held[134..].iter());
    let most = |pages: std::slice::Iter<'_, f64>| pages.copied().fold(0.0, f64::max);
    let [early, late] = [most(early), most(late)];
    assert!(late < 1.05 * early, "{early} pages, then {late}");
}
