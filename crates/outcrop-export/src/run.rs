use std::collections::BTreeMap;

use outcrop_core::{LossPoint, Measurement, Observation, Ratio, Trajectory};

use crate::Histogram;
use crate::histogram::QUANTILES;

/// What was measured of a model at one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Training step.
    pub step: u64,
    /// Numbers by name, such as `ratio/layer_2`; only such as are there, finite or not.
    pub scalars: Vec<(String, f64)>,
    /// Histograms by name, such as `magnitudes/layer_2`.
    pub histograms: Vec<(String, Histogram)>,
}

/// What was measured of one model, or in one stage of its training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeasuredRun {
    /// The name of the model; of a stage `MODEL/STAGE`.
    pub name: String,
    /// One a step, ascending.
    pub snapshots: Vec<Snapshot>,
}

/// The rows of one run at one step.
#[derive(Default)]
struct Rows<'a> {
    loss: Option<&'a LossPoint>,
    measured: Vec<&'a Measurement>,
    observed: Vec<&'a Observation>,
}

/// Sorts rows of `loss.csv`, `measurements.csv` and `observables.csv`, in any order, into runs.
///
/// Names are `loss/held_out`, `loss/train` (nats per token), `learning_rate`, `gradient_norm`; of each layer
/// `ratio/layer_L` (mean top-1 over mean median, Eq. 8 of arXiv 2508.03616), `top1/layer_L` and `median/layer_L` (means over
/// sequences), `magnitudes/layer_L` (a [`Histogram`]); of an observable `NAME@PLACE/layer_L`, or `NAME@PLACE/layer_L/head_H`.
/// Rows of single sequences are left out where they are observables, whose means have rows of their own.
pub fn runs(
    losses: &[LossPoint],
    measured: &[Measurement],
    observed: &[Observation],
) -> Vec<MeasuredRun> {
    let mut sorted: BTreeMap<(String, u64), Rows<'_>> = BTreeMap::new();
    for row in losses {
        let rows = sorted.entry((row.model.clone(), row.step)).or_default();
        rows.loss = Some(row);
    }
    let name = |model: &str, stage: Option<&outcrop_core::Stage>| match stage {
        Some(stage) => format!("{model}/{}", stage.name),
        None => model.to_owned(),
    };
    for row in measured {
        let run = name(&row.model, row.stage.as_ref());
        sorted
            .entry((run, row.step))
            .or_default()
            .measured
            .push(row);
    }
    for row in observed.iter().filter(|row| row.sequence.is_none()) {
        let run = name(&row.model, row.stage.as_ref());
        sorted
            .entry((run, row.step))
            .or_default()
            .observed
            .push(row);
    }
    let mut runs: Vec<MeasuredRun> = Vec::new();
    for ((name, step), rows) in sorted {
        let snapshot = rows.snapshot(step);
        match runs.last_mut().filter(|run| run.name == name) {
            Some(run) => run.snapshots.push(snapshot),
            None => runs.push(MeasuredRun {
                name,
                snapshots: vec![snapshot],
            }),
        }
    }
    runs
}

impl Rows<'_> {
    fn snapshot(&self, step: u64) -> Snapshot {
        let mut snapshot = Snapshot {
            step,
            ..Snapshot::default()
        };
        if let Some(loss) = self.loss {
            let scalars = [
                ("loss/held_out", Some(loss.held_out_loss)),
                ("loss/train", loss.loss),
                ("learning_rate", loss.learning_rate),
                ("gradient_norm", loss.gradient_norm),
            ];
            let there = scalars
                .into_iter()
                .filter_map(|(name, x)| Some((name.to_owned(), x?)));
            snapshot.scalars.extend(there);
        }
        self.layers(&mut snapshot);
        for row in &self.observed {
            let head = row
                .head
                .map_or_else(String::new, |head| format!("/head_{head}"));
            let name = format!("{}@{}/layer_{}{head}", row.observable, row.place, row.layer);
            snapshot
                .scalars
                .extend(row.value.map(|value| (name, value)));
        }
        snapshot
    }

    fn layers(&self, snapshot: &mut Snapshot) {
        let mut layers: BTreeMap<u32, Vec<&Measurement>> = BTreeMap::new();
        for row in &self.measured {
            layers.entry(row.layer).or_default().push(row);
        }
        for (layer, rows) in layers {
            let owned: Vec<Measurement> = rows.iter().map(|row| (*row).clone()).collect();
            let ratio = Trajectory::from_measurements(&owned, Ratio::MeanOverMean);
            let ratio = ratio.first().and_then(|one| one.ratios.first().copied());
            let top = mean(&rows, |row| row.stats.top[0].map(|top| top.magnitude));
            let median = mean(&rows, |row| row.stats.median);
            let scalars = [("ratio", ratio), ("top1", top), ("median", median)];
            let named = |name: &str| format!("{name}/layer_{layer}");
            let there = scalars
                .into_iter()
                .filter_map(|(name, x)| Some((named(name), x?)));
            snapshot.scalars.extend(there);
            let histogram = Histogram::of(&rows, &self.quantiles(layer));
            snapshot
                .histograms
                .extend(histogram.map(|all| (named("magnitudes"), all)));
        }
    }

    /// The quantiles of the residual stream after a layer that were observed, as (share, magnitude).
    fn quantiles(&self, layer: u32) -> Vec<(f64, f64)> {
        let here = |row: &&&Observation| {
            row.layer == layer && row.head.is_none() && row.place == "residual-stream"
        };
        let share = |name: &str| {
            QUANTILES
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, share)| *share)
        };
        let rows = self.observed.iter().filter(here);
        rows.filter_map(|row| Some((share(&row.observable)?, row.value?)))
            .collect()
    }
}

/// The mean over sequences of those that are there; none where none is.
fn mean(rows: &[&Measurement], of: impl Fn(&Measurement) -> Option<f32>) -> Option<f64> {
    let values: Vec<f64> = rows
        .iter()
        .filter_map(|row| of(row))
        .map(f64::from)
        .collect();
    let sum: f64 = values.iter().sum();
    (!values.is_empty()).then(|| sum / values.len() as f64)
}
