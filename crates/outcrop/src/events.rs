use std::collections::BTreeMap;

use std::path::Path;

use outcrop_core::{LossPoint, Measurement, Stage, TrainingEvent};
use outcrop_fit::{RateHistory, stage_starts, training_events, training_events_with};
use outcrop_train::{RunSpec, learning_rate};

/// The learning rate of a run at each of its steps, by the name of its model.
pub(crate) type Rates = BTreeMap<String, RateHistory>;

/// The rates of these runs: `loss.csv` has those of measured steps only.
pub(crate) fn rates<'a>(specs: impl IntoIterator<Item = &'a RunSpec>) -> Rates {
    let of_run = |spec: &RunSpec| {
        let updates = 0..spec.train.steps;
        let steps: Vec<f64> = updates.clone().map(|update| (update + 1) as f64).collect();
        let rates: Vec<f64> = updates
            .map(|update| learning_rate(&spec.train, update))
            .collect();
        (spec.model.clone(), RateHistory::new(&steps, &rates))
    };
    specs.into_iter().map(of_run).collect()
}

/// The rates of the run in a folder; none where it has no `run.toml` that can be read.
pub(crate) fn rates_in(folder: &Path) -> Rates {
    let spec = RunSpec::read(&folder.join("run.toml"));
    rates(spec.as_ref().ok())
}

/// As [`rates_in`], multiplied by what the events of the spec say.
pub(crate) fn rates_with_events(folder: &Path) -> Rates {
    let Ok(spec) = RunSpec::read(&folder.join("run.toml")) else {
        return Rates::new();
    };
    let factor = |update: u64| {
        let made = spec.events.iter().filter(|event| event.step <= update);
        let mut set = made.filter_map(|event| event.learning_rate_factor);
        set.next_back().unwrap_or(1.0)
    };
    let updates = 0..spec.train.steps;
    let steps: Vec<f64> = updates.clone().map(|update| (update + 1) as f64).collect();
    let rate = |update| learning_rate(&spec.train, update) * factor(update);
    let rates: Vec<f64> = updates.map(rate).collect();
    Rates::from([(spec.model.clone(), RateHistory::new(&steps, &rates))])
}

/// What happened in the training of each model, as losses, learning rates and stages say; `rates` are those that are known
/// at every step.
pub(crate) fn of_runs(
    losses: &[LossPoint],
    measurements: &[Measurement],
    rates: &Rates,
) -> Vec<TrainingEvent> {
    let mut by_model: BTreeMap<&str, Vec<LossPoint>> = BTreeMap::new();
    for row in losses {
        by_model.entry(&row.model).or_default().push(row.clone());
    }
    let mut events = Vec::new();
    for (model, rows) in &mut by_model {
        rows.sort_by_key(|row| row.step);
        events.extend(match rates.get(*model) {
            Some(history) => training_events_with(rows, history),
            None => training_events(rows),
        });
    }
    let mut checkpoints: BTreeMap<&str, Vec<(u64, &str)>> = BTreeMap::new();
    for row in measurements {
        let of_model = checkpoints.entry(&row.model).or_default();
        let stage = row.stage.as_ref().map(|stage: &Stage| stage.name.as_str());
        let checkpoint = (row.step, stage.unwrap_or_default());
        if of_model.last() != Some(&checkpoint) {
            of_model.push(checkpoint);
        }
    }
    let stages = checkpoints.iter();
    events.extend(stages.flat_map(|(model, of_model)| stage_starts(model, of_model)));
    events
}

/// Events that were found in tables, and those that specs set, by model and step.
pub(crate) fn with_set(found: Vec<TrainingEvent>, set: Vec<TrainingEvent>) -> Vec<TrainingEvent> {
    if set.is_empty() {
        return found;
    }
    let mut all = found;
    all.extend(set);
    all.sort_by(|a, b| (&a.model, a.step, a.event).cmp(&(&b.model, b.step, b.event)));
    all
}
