use outcrop_core::{EventKind, LossPoint, TrainingEvent};

use super::rate::RateHistory;
use super::spikes::loss_spikes;

/// What the rows of `loss.csv` of one model, in the order of their steps, say of its training: changes of the learning
/// rate and spikes of the loss of training batches (the held-out loss where a row has no other), in the order of steps.
///
/// ```
/// use outcrop_core::{EventKind, LossPoint};
/// use outcrop_fit::training_events;
///
/// let row = |step: u64| LossPoint {
///     model: "tiny".into(),
///     step,
///     tokens: 512 * step,
///     loss: Some(if step == 300 { 9.0 } else { 3.0 }),
///     held_out_loss: 3.1,
///     learning_rate: Some(if step < 500 { 1e-3 } else { 1e-4 }),
///     gradient_norm: None,
/// };
/// let rows: Vec<LossPoint> = (1..=100).map(|i| row(10 * i)).collect();
/// let found = training_events(&rows);
/// assert_eq!(found.iter().map(|e| (e.step, e.event)).collect::<Vec<_>>(),
///     [(300, EventKind::LossSpike), (500, EventKind::RateJump)]);
/// assert!((found[1].value.unwrap_or(0.0) - 0.1).abs() < 1e-12);
/// ```
pub fn training_events(rows: &[LossPoint]) -> Vec<TrainingEvent> {
    let rated = rows
        .iter()
        .filter_map(|row| Some((row.step as f64, row.learning_rate?)));
    let (at, rates): (Vec<f64>, Vec<f64>) = rated.unzip();
    training_events_with(rows, &RateHistory::new(&at, &rates))
}

/// As [`training_events`], with the learning rates of `history` in place of those of the rows: where its schedule is
/// known, a run's changes are known to the step, though losses are of some steps only.
pub fn training_events_with(rows: &[LossPoint], history: &RateHistory) -> Vec<TrainingEvent> {
    let Some(model) = rows.first().map(|row| &row.model) else {
        return Vec::new();
    };
    let event = |step: f64, event, value: f64| TrainingEvent {
        model: model.clone(),
        step: step as u64,
        event,
        value: value.is_finite().then_some(value),
        stage: None,
    };
    let steps: Vec<f64> = rows.iter().map(|row| row.step as f64).collect();
    let changes = history.changes();
    let changes = changes.iter().map(|c| event(c.step, c.kind, c.value));
    let loss: Vec<f64> = rows
        .iter()
        .map(|row| row.loss.unwrap_or(row.held_out_loss))
        .collect();
    let spikes = loss_spikes(&steps, &loss);
    let spikes = spikes
        .iter()
        .map(|s| event(s.step, EventKind::LossSpike, s.height));
    let mut found: Vec<TrainingEvent> = changes.chain(spikes).collect();
    found.sort_by_key(|event| (event.step, event.event));
    found
}

/// The beginnings of the stages of a run after its first, from (step, stage) of its checkpoints in their order.
///
/// ```
/// use outcrop_fit::stage_starts;
///
/// let found = stage_starts("olmo", &[(0, "pretrain"), (1000, "pretrain"), (1100, "anneal"), (1200, "anneal")]);
/// assert_eq!((found.len(), found[0].step, found[0].stage.as_deref()), (1, 1100, Some("anneal")));
/// assert_eq!(found[0].value, Some(2.0));
/// ```
pub fn stage_starts(model: &str, checkpoints: &[(u64, &str)]) -> Vec<TrainingEvent> {
    let borders = checkpoints.windows(2).filter(|pair| pair[0].1 != pair[1].1);
    let start = |(number, pair): (usize, &[(u64, &str)])| TrainingEvent {
        model: model.to_owned(),
        step: pair[1].0,
        event: EventKind::StageStart,
        value: Some(number as f64 + 2.0),
        stage: Some(pair[1].1.to_owned()),
    };
    borders.enumerate().map(start).collect()
}

/// The events that may show between two checkpoints: at a step beyond `after`, up to `by`.
///
/// ```
/// use outcrop_fit::{events_between, stage_starts};
///
/// let events = stage_starts("m", &[(0, "a"), (64, "b"), (128, "c")]);
/// let between = |after, by| events_between(&events, after, by).map(|e| e.step).collect::<Vec<_>>();
/// assert_eq!((between(0.0, 64.0), between(64.0, 100.0)), (vec![64], vec![]));
/// ```
pub fn events_between(
    events: &[TrainingEvent],
    after: f64,
    by: f64,
) -> impl Iterator<Item = &TrainingEvent> {
    let inside = move |event: &&TrainingEvent| after < event.step as f64 && event.step as f64 <= by;
    events.iter().filter(inside)
}
