//! Training steps as tokens and as schedule time.

use std::collections::HashMap;

use outcrop_core::LossPoint;

use crate::Inputs;

/// Tokens and schedule time at the steps of the losses of one model, in order of steps.
#[derive(Default)]
pub(super) struct Clock(Vec<(f64, f64, Option<f64>)>);

impl Clock {
    /// Tokens that were trained on up to `step`, linear between losses; none beyond them.
    pub(super) fn tokens(&self, step: f64) -> Option<f64> {
        self.at(step, |row| Some(row.1))
    }

    /// Sum of the learning rates of all steps up to `step` over the largest of them: a step at the peak counts 1.
    pub(super) fn schedule(&self, step: f64) -> Option<f64> {
        self.at(step, |row| row.2)
    }

    fn at(
        &self,
        step: f64,
        value: impl Fn(&(f64, f64, Option<f64>)) -> Option<f64>,
    ) -> Option<f64> {
        let next = self.0.partition_point(|row| row.0 < step);
        let after = self.0.get(next)?;
        if after.0 == step {
            return value(after);
        }
        let before = self.0.get(next.checked_sub(1)?)?;
        let (from, to) = (value(before)?, value(after)?);
        Some(from + (to - from) * (step - before.0) / (after.0 - before.0))
    }
}

/// The clocks of all models that have losses.
pub(super) fn clocks(inputs: &Inputs) -> HashMap<&str, Clock> {
    let mut rows: HashMap<&str, Vec<&LossPoint>> = HashMap::new();
    for row in &inputs.losses {
        rows.entry(&row.model).or_default().push(row);
    }
    let rows = rows.into_iter();
    rows.map(|(model, rows)| (model, clock(rows))).collect()
}

fn clock(mut rows: Vec<&LossPoint>) -> Clock {
    rows.sort_by_key(|row| row.step);
    rows.dedup_by_key(|row| row.step);
    let rates = || rows.iter().filter_map(|row| row.learning_rate);
    let peak = rates().fold(0.0, f64::max);
    let known = peak > 0.0 && rows.iter().skip(1).all(|row| row.learning_rate.is_some());
    let (mut passed, mut before) = (0.0, (0.0, 0.0));
    let row = |row: &&LossPoint| {
        let (step, rate) = (row.step as f64, row.learning_rate.unwrap_or(0.0));
        // rates are known at the steps of losses; between them they are taken as linear
        passed += 0.5 * (before.1 + rate) * (step - before.0) / peak.max(f64::MIN_POSITIVE);
        before = (step, rate);
        (step, row.tokens as f64, known.then_some(passed))
    };
    Clock(rows.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_schedule_time_lie_between_losses() {
        let row = |step, rate| LossPoint {
            model: "m".into(),
            step,
            tokens: 10 * step,
            loss: None,
            held_out_loss: 1.0,
            learning_rate: rate,
            gradient_norm: None,
        };
        let inputs = Inputs {
            losses: vec![
                row(200, Some(1.0)),
                row(0, None),
                row(100, Some(1.0)),
                row(300, Some(0.0)),
            ],
            ..Inputs::default()
        };
        let clocks = clocks(&inputs);
        let clock = &clocks["m"];
        assert_eq!(
            (clock.tokens(50.0), clock.tokens(301.0)),
            (Some(500.0), None)
        );
        // half of the warm-up of 100 steps, then 100 at the peak, then half of 100
        let times = [0.0, 100.0, 200.0, 300.0].map(|s| clock.schedule(s));
        assert_eq!(times, [Some(0.0), Some(50.0), Some(150.0), Some(200.0)]);
    }
}
