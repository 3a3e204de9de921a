use crate::TrainSpec;

/// The learning rate of update `index` (from 0) of a run: linear warm-up
/// `peak (index + 1) / warmup` for the first `warmup` updates, then a cosine that reaches
/// `peak * final_share` at the last update.
pub fn learning_rate(spec: &TrainSpec, index: u64) -> f64 {
    let update = index + 1;
    if update <= spec.warmup {
        return spec.learning_rate * update as f64 / spec.warmup as f64;
    }
    let length = spec.steps.saturating_sub(spec.warmup).max(1);
    let progress = ((update - spec.warmup) as f64 / length as f64).min(1.0);
    let cosine = 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
    spec.learning_rate * (spec.final_share + (1.0 - spec.final_share) * cosine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warms_up_then_falls_to_its_final_share() {
        let spec = TrainSpec {
            steps: 110,
            warmup: 10,
            learning_rate: 2.0,
            final_share: 0.1,
            ..TrainSpec::default()
        };
        assert_eq!(learning_rate(&spec, 0), 0.2);
        assert_eq!(learning_rate(&spec, 9), 2.0);
        assert!((learning_rate(&spec, 59) - 1.1).abs() < 1e-12); // half-way down
        assert!((learning_rate(&spec, 109) - 0.2).abs() < 1e-12);
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
    }
}
