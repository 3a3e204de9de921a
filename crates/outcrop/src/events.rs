use std::collections::BTreeMap;

use outcrop_core::{LossPoint, Measurement, Stage, TrainingEvent};
use outcrop_fit::{stage_starts, training_events};

/// What happened in the training of each model, as losses, learning rates and stages say.
pub(crate) fn of_runs(losses: &[LossPoint], measurements: &[Measurement]) -> Vec<TrainingEvent> {
    let mut by_model: BTreeMap<&str, Vec<LossPoint>> = BTreeMap::new();
    for row in losses {
        by_model.entry(&row.model).or_default().push(row.clone());
    }
    let mut events = Vec::new();
    for rows in by_model.values_mut() {
        rows.sort_by_key(|row| row.step);
        events.extend(training_events(rows));
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
