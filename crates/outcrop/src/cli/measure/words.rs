use std::collections::BTreeMap;

use outcrop_checkpoint::Transfer;
use outcrop_core::{Measurement, Ratio, Trajectory, TrajectoryOptions};

use super::super::output::significant;
use super::super::progress::Bar;
use outcrop_series::SeriesEvent;

/// Shows events on a progress bar.
pub(super) struct Shown<'a> {
    bar: &'a Bar,
    /// Number of all checkpoints, and of those that are done.
    total: usize,
    done: usize,
}

impl<'a> Shown<'a> {
    pub(super) fn new(bar: &'a Bar, total: usize) -> Self {
        Self {
            bar,
            total: total.max(1),
            done: 0,
        }
    }

    pub(super) fn show(&mut self, event: &SeriesEvent<'_>) {
        match event {
            SeriesEvent::Started { step, done } => {
                self.done = *done;
                self.share(0.0);
                self.bar.message(format!("step {step}"));
            }
            SeriesEvent::Fetched(transfer) => self.bar.message(fetching(transfer)),
            SeriesEvent::Advanced(share) => self.share(*share),
            SeriesEvent::Measured { step, rows } => {
                let line = format!("step {step:>6}  ratio {}", ratios(rows));
                self.bar.line(&line);
            }
            SeriesEvent::Warning(text) => self.bar.line(&format!("warning: {text}")),
            _ => {}
        }
    }

    /// The share of the current checkpoint that is done.
    fn share(&self, share: f64) {
        self.bar
            .share((self.done as f64 + share) / self.total as f64);
    }
}

/// Progress of a download.
fn fetching(transfer: &Transfer<'_>) -> String {
    let mib = |bytes: u64| bytes >> 20;
    let of = transfer
        .total
        .map_or(String::new(), |total| format!(" of {}", mib(total)));
    format!("fetching {}: {}{of} MiB", transfer.file, mib(transfer.done))
}

/// The ratio of every layer.
fn ratios(rows: &[Measurement]) -> String {
    let options = TrajectoryOptions {
        ratio: Ratio::default(),
        include_suspect: true,
        ..TrajectoryOptions::default()
    };
    let trajectories = Trajectory::from_measurements(rows, options);
    let found: BTreeMap<u32, f64> = trajectories
        .iter()
        .filter_map(|t| Some((t.layer, *t.ratios.first()?)))
        .collect();
    let layers = rows.iter().map(|row| row.layer).max().unwrap_or(0);
    let word = |layer| {
        found
            .get(&layer)
            .map_or("-".into(), |ratio| significant(*ratio))
    };
    (1..=layers).map(word).collect::<Vec<_>>().join(" ")
}
