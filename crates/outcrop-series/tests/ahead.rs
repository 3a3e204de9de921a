//! The checkpoint after the one that is measured is read ahead.
#![expect(clippy::unwrap_used, reason = "a test")]

mod tiny;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use outcrop_checkpoint::CheckpointSeries;
use outcrop_series::{CheckpointSource, Folder, SeriesEvent, SeriesOutcome, measure_series};
use outcrop_tokens::Sequences;
use tiny::{options, series};

/// Measures; `after` is called with each step that was measured, and whether to stop.
fn measure(at: &Path, out: &Folder, after: &mut dyn FnMut(u64, &AtomicBool)) -> SeriesOutcome {
    let source = CheckpointSource::Local(CheckpointSeries::open(at).unwrap());
    let tokens = Sequences::of(vec![(0..32).collect()], None, "one".into());
    let stop = AtomicBool::new(false);
    let options = options("tails");
    let mut observer = |event: SeriesEvent<'_>| {
        if let SeriesEvent::Measured { step, .. } = event {
            after(step, &stop);
        }
    };
    measure_series(&source, &tokens, out, &options, &stop, &mut observer).unwrap()
}

fn table(out: &Folder) -> String {
    std::fs::read_to_string(out.file("measurements.csv")).unwrap()
}

/// What was read before its turn is not what is measured, if the file has changed since.
#[test]
fn a_checkpoint_that_changes_after_it_was_read_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let [at, other] = ["tiny", "other"].map(|name| dir.path().join(name));
    series(&at, 3);
    series(&other, 6);
    let changed = Folder::new(dir.path().join("changed"));
    let outcome = measure(&at, &changed, &mut |step, _| {
        if step == 0 {
            let of = |at: &Path, step| at.join(format!("step{step}/model.safetensors"));
            std::fs::copy(of(&other, 5), of(&at, 1)).unwrap();
        }
    });
    assert_eq!(outcome.measured, 3);
    let straight = Folder::new(dir.path().join("straight"));
    measure(&at, &straight, &mut |_, _| {});
    assert_eq!(table(&changed), table(&straight));
}

#[test]
fn a_checkpoint_that_was_read_but_not_measured_is_not_audited() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("tiny");
    series(&at, 3);
    let out = Folder::new(dir.path().join("out"));
    let outcome = measure(&at, &out, &mut |step, stop| {
        stop.store(step == 1, Ordering::Relaxed);
    });
    let audited = outcome.audit.unwrap().checkpoints;
    let steps: Vec<_> = audited.iter().map(|checkpoint| checkpoint.step).collect();
    assert_eq!((outcome.interrupted, steps), (true, vec![Some(0), Some(1)]));
}
