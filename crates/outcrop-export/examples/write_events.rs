//! An event file of TensorBoard for a layer whose ratio grows: `tensorboard --logdir FOLDER` shows it.
//!
//! `cargo run -p outcrop-export --example write_events`

#![expect(clippy::print_stdout, reason = "an example that shows what it wrote")]

use outcrop_core::{Detail, LayerStats, Measurement, Place, Top};
use outcrop_export::{runs, tensorboard};

fn main() -> std::io::Result<()> {
    let folder = std::env::temp_dir().join("outcrop-write-events");
    std::fs::create_dir_all(&folder)?;
    let rows: Vec<Measurement> = (0..50).map(|i| measurement(10 * i)).collect();
    let file = folder.join(tensorboard::FILE_NAME);
    for run in runs(&[], &rows, &[]) {
        let bytes = tensorboard::file(&run.snapshots, 0.0);
        assert_eq!(tensorboard::scan(&bytes).last_step, Some(490));
        std::fs::write(&file, bytes)?;
        let (name, steps) = (&run.name, run.snapshots.len());
        println!("{name}: {steps} steps in {}", file.display());
    }
    Ok(())
}

/// A layer whose largest magnitude grows from 3 to 100.
fn measurement(step: u64) -> Measurement {
    let largest = 100.0 - 97.0 * (-(step as f32) / 100.0).exp();
    let top = [largest, 2.9, 2.8].map(|magnitude| {
        let place = Place {
            position: 0,
            channel: 7,
        };
        Some(Top { magnitude, place })
    });
    Measurement {
        model: "example".into(),
        step,
        sequence: 0,
        layer: 1,
        stats: LayerStats {
            top,
            median: Some(0.7),
            count: 64 * 128,
            non_finite: 0,
            first_non_finite: None,
        },
        detail: Detail::default(),
        suspect: None,
        stage: None,
    }
}
