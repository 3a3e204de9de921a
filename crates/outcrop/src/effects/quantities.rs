//! What is compared of a run: a row a quantity.

use outcrop_core::EffectScale::{self, Difference, Factor};
use outcrop_core::{LossPoint, Measurement, Observation, Trajectory};

/// The tables of one run.
#[derive(Default)]
pub(super) struct RunTables {
    pub(super) measurements: Vec<Measurement>,
    /// The ratio of every layer.
    pub(super) trajectories: Vec<Trajectory>,
    pub(super) losses: Vec<LossPoint>,
    /// Means over sequences.
    pub(super) observations: Vec<Observation>,
}

/// A number of a run.
pub(super) struct Quantity {
    pub(super) name: &'static str,
    pub(super) scale: EffectScale,
    /// None where the run does not define it.
    of: fn(&RunTables) -> Option<f64>,
}

/// Every quantity; those of single blocks follow the name of theirs. docs/comparing.md explains them.
const QUANTITIES: [Quantity; 11] = [
    quantity("last_ratio", Factor, |t| Some(t.peak()?.ratio)),
    quantity("largest_ratio", Factor, RunTables::largest_ratio),
    quantity("onset", Factor, RunTables::onset),
    quantity("peak_block", Difference, |t| {
        Some(f64::from(t.peak()?.layer))
    }),
    quantity("peak_at_position_0", Difference, RunTables::at_position_0),
    quantity("sink_rate", Difference, |t| {
        t.mean("first_is_sink_gu", "attention-weights")
    }),
    quantity("first_value_norm", Factor, |t| {
        t.mean("norm_first_over_mean", "values")
    }),
    quantity("held_out_loss", Difference, |t| {
        Some(t.last_loss()?.held_out_loss)
    }),
    quantity("int8_loss", Difference, |t| {
        t.mean("int8_loss", "logits-int8")
    }),
    quantity("kurtosis", Factor, |t| {
        t.largest("kurtosis", "residual-stream")
    }),
    quantity("channel_kurtosis", Factor, |t| {
        t.largest("channel_kurtosis", "residual-stream")
    }),
];

const fn quantity(
    name: &'static str,
    scale: EffectScale,
    of: fn(&RunTables) -> Option<f64>,
) -> Quantity {
    Quantity { name, scale, of }
}

/// One number of one run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value {
    pub(super) quantity: String,
    pub(super) scale: EffectScale,
    pub(super) value: Option<f64>,
}

/// The layer whose ratio is the largest at the last step.
struct Peak {
    layer: u32,
    step: u64,
    ratio: f64,
}

impl RunTables {
    /// Every quantity, then the last ratio of each block.
    pub(super) fn values(&self) -> Vec<Value> {
        let known = QUANTITIES.iter().map(|quantity| Value {
            quantity: quantity.name.to_owned(),
            scale: quantity.scale,
            value: (quantity.of)(self).filter(|value| value.is_finite()),
        });
        let blocks = self.trajectories.iter().map(|trajectory| Value {
            quantity: format!("last_ratio, block {}", trajectory.layer),
            scale: Factor,
            value: last(trajectory).map(|(_, ratio)| ratio),
        });
        known.chain(blocks).collect()
    }

    fn peak(&self) -> Option<Peak> {
        let layers = self.trajectories.iter().filter_map(|trajectory| {
            let (step, ratio) = last(trajectory)?;
            let layer = trajectory.layer;
            Some(Peak { layer, step, ratio })
        });
        layers.max_by(|a, b| a.ratio.total_cmp(&b.ratio))
    }

    fn largest_ratio(&self) -> Option<f64> {
        let ratios = self.trajectories.iter().flat_map(|one| &one.ratios);
        ratios
            .copied()
            .filter(|x| x.is_finite())
            .max_by(f64::total_cmp)
    }

    /// Where the layer of the peak crosses a tenth of its change: the middle of the two checkpoints around it, steps.
    fn onset(&self) -> Option<f64> {
        let layer = self.peak()?.layer;
        let mut all = self.trajectories.iter();
        let trajectory = all.find(|trajectory| trajectory.layer == layer)?;
        let steps: Vec<f64> = trajectory.steps.iter().map(|step| *step as f64).collect();
        let found = outcrop_fit::onset("ratio", &steps, &trajectory.ratios).ok()?;
        Some(found.onset.middle()).filter(|step| *step > 0.0)
    }

    /// The share of sequences whose largest magnitude in the layer of the peak stands at position 0.
    fn at_position_0(&self) -> Option<f64> {
        let peak = self.peak()?;
        let rows = self.measurements.iter();
        let rows = rows.filter(|row| row.layer == peak.layer && row.step == peak.step);
        let first = rows.filter_map(|row| Some(row.stats.top[0]?.place.position == 0));
        let first: Vec<bool> = first.collect();
        let count = first.iter().filter(|is_first| **is_first).count();
        (!first.is_empty()).then(|| count as f64 / first.len() as f64)
    }

    fn last_loss(&self) -> Option<&LossPoint> {
        self.losses.iter().max_by_key(|point| point.step)
    }

    /// The values of an observable at the last step that has it, of every layer and head.
    fn last_values(&self, observable: &str, place: &str) -> Vec<f64> {
        let is = |row: &&Observation| row.observable == observable && row.place == place;
        let rows: Vec<&Observation> = self.observations.iter().filter(is).collect();
        let step = rows.iter().map(|row| row.step).max();
        let at_last = rows.iter().filter(|row| Some(row.step) == step);
        at_last.filter_map(|row| row.value).collect()
    }

    fn largest(&self, observable: &str, place: &str) -> Option<f64> {
        let values = self.last_values(observable, place).into_iter();
        values.max_by(f64::total_cmp)
    }

    fn mean(&self, observable: &str, place: &str) -> Option<f64> {
        let values = self.last_values(observable, place);
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }
}

/// The last finite ratio with its step.
fn last(trajectory: &Trajectory) -> Option<(u64, f64)> {
    let points = trajectory.steps.iter().zip(&trajectory.ratios);
    let points = points.filter(|(_, ratio)| ratio.is_finite());
    points
        .max_by_key(|(step, _)| **step)
        .map(|(step, ratio)| (*step, *ratio))
}
