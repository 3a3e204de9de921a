use crate::TrainSpec;

/// The learning rate of update `index` (from 0) of a run: linear warm-up
/// `peak (index + 1) / warmup` for the first `warmup` updates, then its [`RateSchedule`](crate::RateSchedule), which ends at the last update.
pub fn learning_rate(spec: &TrainSpec, index: u64) -> f64 {
    let update = index + 1;
    if update <= spec.warmup {
        return spec.learning_rate * update as f64 / spec.warmup as f64;
    }
    let length = spec.steps.saturating_sub(spec.warmup).max(1) as f64;
    let progress = ((update - spec.warmup) as f64 / length).min(1.0);
    let decay = (spec.decay_share * spec.steps as f64 / length).clamp(1.0 / length, 1.0);
    let share = spec.rate_schedule.share(progress, spec.final_share, decay);
    spec.learning_rate * share
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RateSchedule;

    fn spec(rate_schedule: RateSchedule) -> TrainSpec {
        TrainSpec {
            steps: 110,
            warmup: 10,
            learning_rate: 2.0,
            final_share: 0.1,
            rate_schedule,
            decay_share: 0.5,
            ..TrainSpec::default()
        }
    }

    #[test]
    fn every_schedule_warms_up_and_ends_at_its_share() {
        for (schedule, half, last) in [
            (RateSchedule::Cosine, 1.1, 0.2),
            (RateSchedule::Linear, 1.1, 0.2),
            (RateSchedule::Constant, 2.0, 2.0),
            // 55 of 110 updates: 5 of them were there when 60 were made
            (
                RateSchedule::StableDecay,
                2.0 * (0.1 + 0.9 * 50.0 / 55.0),
                0.2,
            ),
        ] {
            let rate = |index| learning_rate(&spec(schedule), index);
            assert_eq!([rate(0), rate(9)], [0.2, 2.0], "{schedule:?}");
            assert!(
                (rate(59) - half).abs() < 1e-12,
                "{schedule:?}: {}",
                rate(59)
            );
            assert!((rate(109) - last).abs() < 1e-12, "{schedule:?}");
        }
        let stable = spec(RateSchedule::StableDecay);
        assert_eq!(learning_rate(&stable, 54), 2.0); // the last before the decay
        assert!(learning_rate(&stable, 55) < 2.0);
    }

    #[test]
    fn no_warm_up_is_no_division_by_zero() {
        let spec = TrainSpec {
            steps: 1,
            warmup: 0,
            ..TrainSpec::default()
        };
        assert_eq!(
            learning_rate(&spec, 0),
            spec.learning_rate * spec.final_share
        );
        let stable = TrainSpec {
            rate_schedule: RateSchedule::StableDecay,
            decay_share: 0.0,
            ..spec
        };
        assert_eq!(learning_rate(&stable, 0), 1e-4);
    }
}
