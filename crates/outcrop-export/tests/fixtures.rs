//! Files against such as the real packages write (`fixtures/export.py`).
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::Path;

use outcrop_export::{Bucket, Histogram, MeasuredRun, Snapshot, tensorboard, wandb};

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fs::read(folder.join(name)).unwrap()
}

/// The two steps of the exporter.
fn snapshots() -> Vec<Snapshot> {
    let scalars = |all: &[(&str, f64)]| {
        all.iter()
            .map(|(name, x)| ((*name).to_owned(), *x))
            .collect()
    };
    let buckets = [
        [0.0, 0.5, 32.0],
        [0.5, 2.0, 30.0],
        [2.0, 3.0, 1.0],
        [3.0, 4.0, 1.0],
    ];
    let buckets = buckets.map(|[left, right, count]| Bucket { left, right, count });
    let histogram = Histogram {
        buckets: buckets.to_vec(),
    };
    let later = [
        ("loss/held_out", 2.5),
        ("loss/train", f64::NAN),
        ("ratio/layer_1", f64::INFINITY),
    ];
    vec![
        Snapshot {
            step: 0,
            scalars: scalars(&[("loss/held_out", 4.0), ("ratio/layer_1", 5.0)]),
            histograms: Vec::new(),
        },
        Snapshot {
            step: 300,
            scalars: scalars(&later),
            histograms: vec![("magnitudes/layer_1".into(), histogram)],
        },
    ]
}

#[test]
fn event_files_are_those_of_tensorboard() {
    assert_eq!(
        tensorboard::file(&snapshots(), 1.5),
        fixture("tensorboard.bin")
    );
}

#[test]
fn offline_runs_hold_the_messages_of_wandb() {
    let run = MeasuredRun {
        name: "m".into(),
        snapshots: snapshots(),
    };
    let about = wandb::About {
        id: "m-1".into(),
        project: "p".into(),
        config: vec![
            ("arch.heads".into(), "4".into()),
            ("data.text".into(), format!("\"{}\"", "a".repeat(70_000))),
        ],
        started: 300.0,
    };
    assert!(wandb::file(&run, &about) == fixture("wandb.bin"));
}

#[test]
fn a_scan_finds_the_last_step_and_what_is_torn() {
    let file = fixture("tensorboard.bin");
    let whole = tensorboard::scan(&file);
    assert_eq!(
        (whole.good, whole.last_step),
        (file.len() as u64, Some(300))
    );
    let header = tensorboard::header(1.5).len();
    for end in 0..file.len() {
        let torn = tensorboard::scan(&file[..end]);
        assert!(torn.good as usize <= end);
        let expected = if torn.good as usize > header {
            Some(0)
        } else {
            None
        };
        assert_eq!(torn.last_step, expected, "{end}");
    }
    let mut altered = file.clone();
    altered[header + 20] ^= 1;
    assert_eq!(tensorboard::scan(&altered).good as usize, header);
    assert_eq!(
        tensorboard::scan(b"model,step"),
        tensorboard::Scanned::default()
    );
}
