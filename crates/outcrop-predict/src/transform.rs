//! Transforms of targets before regression, each fitted on training rows only.

use crate::Target;
use crate::stats::mean_and_deviation;

/// Predictions stay within this many times the largest magnitude in training.
const LIMIT: f64 = 10.0;
/// Powers among which the most likely Yeo-Johnson transform is sought.
const POWERS: (f64, f64) = (-5.0, 5.0);

/// From the unit of a target to the space in which it is regressed and scored, and back.
#[derive(Clone, Debug)]
pub(crate) enum Transform {
    Identity,
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
                let (mean, deviation) = mean_and_deviation(&powers, &vec![1.0; powers.len()]);
                Self::YeoJohnson {
                    lambda,
                    mean,
                    deviation: if deviation > 0.0 { deviation } else { 1.0 },
                    range,
                }
            }
            _ => Self::Identity,
        }
    }

    pub(crate) fn forward(&self, value: f64) -> f64 {
        match self {
            Self::Identity => value,
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
#[derive(Clone, Copy, Debug)]
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

/// Yeo and Johnson (2000), "A new family of power transformations to improve normality or
/// symmetry", Eq. 2.1.
fn yeo_johnson(x: f64, lambda: f64) -> f64 {
    match x >= 0.0 {
        true => box_cox_1p(x, lambda),
        false => -box_cox_1p(-x, 2.0 - lambda),
    }
}

fn yeo_johnson_inverse(y: f64, lambda: f64) -> f64 {
    match y >= 0.0 {
        true => box_cox_1p_inverse(y, lambda),
        false => -box_cox_1p_inverse(-y, 2.0 - lambda),
    }
}

/// ((1 + x)^p - 1) / p for x of at least 0; ln(1 + x) at p = 0.
fn box_cox_1p(x: f64, p: f64) -> f64 {
    match p.abs() < 1e-12 {
        true => x.ln_1p(),
        false => (p * x.ln_1p()).exp_m1() / p,
    }
}

fn box_cox_1p_inverse(y: f64, p: f64) -> f64 {
    match p.abs() < 1e-12 {
        true => y.exp_m1(),
        false => ((p * y).max(-1.0).ln_1p() / p).exp_m1(),
    }
}

/// The power of the highest likelihood: a grid, then golden-section search around its best point.
/// 1 (no change) where the values do not vary.
fn most_likely_power(values: &[f64]) -> f64 {
    const CELLS: u32 = 100;
    let step = (POWERS.1 - POWERS.0) / f64::from(CELLS);
    let (best, likelihood) = (0..=CELLS)
        .map(|i| POWERS.0 + step * f64::from(i))
        .map(|power| (power, log_likelihood(values, power)))
        .fold(
            (1.0, f64::NEG_INFINITY),
            |a, b| if b.1 > a.1 { b } else { a },
        );
    if likelihood == f64::NEG_INFINITY {
        return 1.0;
    }
    let (mut low, mut high) = (best - step, best + step);
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    while high - low > 1e-9 {
        let (a, b) = (high - golden * (high - low), low + golden * (high - low));
        if log_likelihood(values, a) >= log_likelihood(values, b) {
            high = b;
        } else {
            low = a;
        }
    }
    (low + high) / 2.0
}

/// -n/2 ln(variance of the transformed) + (lambda - 1) sum sign(x) ln(1 + abs x); minus infinity
/// where the transform squeezes the values together until only rounding tells them apart.
fn log_likelihood(values: &[f64], lambda: f64) -> f64 {
    let transformed: Vec<f64> = values.iter().map(|v| yeo_johnson(*v, lambda)).collect();
    let (_, deviation) = mean_and_deviation(&transformed, &vec![1.0; transformed.len()]);
    if !(deviation > 0.0 && deviation.is_finite()) {
        return f64::NEG_INFINITY;
    }
    let jacobian: f64 = values.iter().map(|v| v.signum() * v.abs().ln_1p()).sum();
    (lambda - 1.0) * jacobian - values.len() as f64 * deviation.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use proptest::prelude::*;

    #[test]
    fn power_and_transformed_values_are_those_of_scikit_learn() {
        for case in Fixture::load().yeo_johnson {
            let transform = Transform::fit(Target::K, &case.values);
            let Transform::YeoJohnson { lambda, .. } = transform else {
                panic!("K is transformed by Yeo-Johnson");
            };
            assert!(
                (lambda - case.lambda).abs() < 1e-5,
                "{lambda} {}",
                case.lambda
            );
            for (value, expected) in case.values.iter().zip(&case.transformed) {
                let z = transform.forward(*value);
                assert!((z - expected).abs() < 1e-5, "{value}: {z} {expected}");
            }
        }
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
