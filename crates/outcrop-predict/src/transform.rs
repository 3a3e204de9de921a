//! Transforms of targets before regression, each fitted on training rows only.

use serde::{Deserialize, Serialize};

use crate::Target;
use crate::stats::mean_and_deviation;
use crate::yeo_johnson::{most_likely_power, yeo_johnson, yeo_johnson_inverse};

/// Predictions stay within this many times the largest magnitude in training.
const LIMIT: f64 = 10.0;
/// Probabilities are kept this far from 0 and 1, whose logits are infinite.
const CLIP: f64 = 0.01;

/// From the unit of a target to the space in which it is regressed and scored, and back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Transform {
    Identity,
    /// ln(p / (1 - p)) of a clipped probability.
    Logit,
    SignedLog(Range),
    YeoJohnson {
        lambda: f64,
        mean: f64,
        deviation: f64,
        range: Range,
    },
}

impl Transform {
    /// The transform of `target`, fitted to training values.
    pub(crate) fn fit(target: Target, values: &[f64]) -> Self {
        let range = Range::of(values);
        match target {
            Target::A | Target::Lambda | Target::Gamma | Target::T0 => Self::SignedLog(range),
            Target::K => {
                let lambda = most_likely_power(values);
                let powers: Vec<f64> = values.iter().map(|v| yeo_johnson(*v, lambda)).collect();
                let (mean, deviation) = mean_and_deviation(&powers);
                Self::YeoJohnson {
                    lambda,
                    mean,
                    deviation: if deviation > 0.0 { deviation } else { 1.0 },
                    range,
                }
            }
            Target::PPeak => Self::Logit,
            _ => Self::Identity,
        }
    }

    pub(crate) fn forward(&self, value: f64) -> f64 {
        match self {
            Self::Identity => value,
            Self::Logit => {
                let p = value.clamp(CLIP, 1.0 - CLIP);
                p.ln() - (-p).ln_1p()
            }
            Self::SignedLog(_) => value.signum() * value.abs().ln_1p(),
            Self::YeoJohnson {
                lambda,
                mean,
                deviation,
                ..
            } => (yeo_johnson(value, *lambda) - mean) / deviation,
        }
    }

    /// The inverse, kept within the [`Range`] of training.
    pub(crate) fn backward(&self, z: f64) -> f64 {
        match self {
            Self::Identity => z,
            Self::Logit => 1.0 / (1.0 + (-z).exp()),
            Self::SignedLog(range) => range.keep(z.signum() * z.abs().exp_m1()),
            Self::YeoJohnson {
                lambda,
                mean,
                deviation,
                range,
            } => {
                // a bounded image: what lies beyond it is beyond the range too
                let power = (z * deviation + mean)
                    .max(yeo_johnson(range.low, *lambda))
                    .min(yeo_johnson(range.high, *lambda));
                range.keep(yeo_johnson_inverse(power, *lambda))
            }
        }
    }
}

/// What an inverse may yield: up to ten times the largest training magnitude, and not below 0 where
/// no training value is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Range {
    low: f64,
    high: f64,
}

impl Range {
    fn of(values: &[f64]) -> Self {
        let high = LIMIT * values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        let negative = values.iter().any(|v| *v < 0.0);
        Self {
            low: if negative { -high } else { 0.0 },
            high,
        }
    }

    fn keep(self, value: f64) -> f64 {
        value.max(self.low).min(self.high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_probability_becomes_its_clipped_logit() {
        let logit = Transform::fit(Target::PPeak, &[0.2, 0.9]);
        assert!((logit.forward(0.75) - 3f64.ln()).abs() < 1e-14);
        assert_eq!(logit.forward(0.0), logit.forward(0.01));
        assert!((logit.backward(logit.forward(1.0)) - 0.99).abs() < 1e-14);
        assert_eq!(logit.backward(f64::NEG_INFINITY), 0.0);
    }

    #[test]
    fn values_that_do_not_vary_are_kept() {
        let transform = Transform::fit(Target::K, &[7.0; 5]);
        assert!((transform.backward(transform.forward(7.0)) - 7.0).abs() < 1e-12);
        assert!(transform.forward(7.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn backward_undoes_forward(values in prop::collection::vec(-50.0..5000.0f64, 4..30)) {
            for target in [Target::A, Target::K, Target::LnFLast] {
                let transform = Transform::fit(target, &values);
                for v in &values {
                    let back = transform.backward(transform.forward(*v));
                    prop_assert!((back - v).abs() < 1e-5 * (1.0 + v.abs()), "{target} {v} {back}");
                }
            }
        }

        #[test]
        fn a_wild_prediction_stays_finite_and_in_range(
            values in prop::collection::vec(0.0..5000.0f64, 4..30),
            z in -1e3..1e3f64,
        ) {
            let largest = values.iter().fold(0.0f64, |m, v| m.max(*v));
            for target in [Target::A, Target::K] {
                let value = Transform::fit(target, &values).backward(z);
                prop_assert!((0.0..=10.0 * largest).contains(&value), "{target} {value}");
            }
        }
    }
}
