//! The power transform of Yeo and Johnson (2000), "A new family of power transformations to improve
//! normality or symmetry".

use crate::stats::mean_and_deviation;

/// Powers among which the most likely one is sought.
const POWERS: (f64, f64) = (-5.0, 5.0);
/// Cells of the grid in which the maximum is bracketed.
const CELLS: u32 = 50;

/// Eq. 2.1.
pub(crate) fn yeo_johnson(x: f64, lambda: f64) -> f64 {
    match x >= 0.0 {
        true => box_cox_1p(x, lambda),
        false => -box_cox_1p(-x, 2.0 - lambda),
    }
}

pub(crate) fn yeo_johnson_inverse(y: f64, lambda: f64) -> f64 {
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

/// The derivative of [`yeo_johnson`] by lambda: with u = ln(1 + abs x) and p the exponent of that
/// side, ((p u - 1) e^(p u) + 1) / p^2 on both, near p u = 0 by its series.
fn slope(x: f64, lambda: f64) -> f64 {
    let u = x.abs().ln_1p();
    let p = if x >= 0.0 { lambda } else { 2.0 - lambda };
    let z = p * u;
    match z.abs() < 0.1 {
        false => ((z - 1.0) * z.exp() + 1.0) / (p * p),
        true => {
            // sum over k from 2 of (k - 1) / k! z^(k - 2), times u^2
            let (mut sum, mut power) = (0.0, 0.5);
            for k in 2..14 {
                sum += f64::from(k - 1) * power;
                power *= z / f64::from(k + 1);
            }
            u * u * sum
        }
    }
}

/// The power of the highest likelihood: the best point of a grid, then bisection on the derivative
/// around it, since a search by the likelihood itself ends where it is flat to rounding (about
/// 1e-8). 1 (no change) where the values do not vary.
pub(crate) fn most_likely_power(values: &[f64]) -> f64 {
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
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if likelihood_slope(values, middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// -n/2 ln(variance of the transformed) + (lambda - 1) sum sign(x) ln(1 + abs x); minus infinity
/// where the transform squeezes the values together until only rounding tells them apart.
fn log_likelihood(values: &[f64], lambda: f64) -> f64 {
    let transformed: Vec<f64> = values.iter().map(|v| yeo_johnson(*v, lambda)).collect();
    let (_, deviation) = mean_and_deviation(&transformed);
    if !(deviation > 0.0 && deviation.is_finite()) {
        return f64::NEG_INFINITY;
    }
    (lambda - 1.0) * jacobian(values) - values.len() as f64 * deviation.ln()
}

/// The derivative of [`log_likelihood`] by lambda.
fn likelihood_slope(values: &[f64], lambda: f64) -> f64 {
    let transformed: Vec<f64> = values.iter().map(|v| yeo_johnson(*v, lambda)).collect();
    let (mean, deviation) = mean_and_deviation(&transformed);
    let pairs = values.iter().zip(&transformed);
    let covariance: f64 = pairs.map(|(x, y)| (y - mean) * slope(*x, lambda)).sum();
    jacobian(values) - covariance / (deviation * deviation)
}

fn jacobian(values: &[f64]) -> f64 {
    values.iter().map(|v| v.signum() * v.abs().ln_1p()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;

    /// The transform at SciPy's own power, and the power that SciPy's derivative-free search finds.
    #[test]
    fn powers_and_transformed_values_are_those_of_scipy() {
        for case in Fixture::load().yeo_johnson {
            let lambda = most_likely_power(&case.values);
            assert!(
                (lambda - case.lambda).abs() < 1e-7,
                "{lambda} {}",
                case.lambda
            );
            let ours = log_likelihood(&case.values, lambda);
            let theirs = log_likelihood(&case.values, case.lambda);
            assert!(ours >= theirs - 1e-12 * theirs.abs(), "{ours} {theirs}");
            assert!((theirs - case.log_likelihood).abs() < 1e-9 * theirs.abs());
            for (value, expected) in case.values.iter().zip(&case.transformed) {
                let y = yeo_johnson(*value, case.lambda);
                let close = |a: f64, b: f64| (a - b).abs() <= 1e-10 * b.abs();
                assert!(close(y, *expected), "{value}: {y} {expected}");
                let back = yeo_johnson_inverse(*expected, case.lambda);
                assert!(close(back, *value), "{value}: {back}");
            }
        }
    }

    #[test]
    fn the_slope_is_that_of_differences() {
        for (x, lambda) in [
            (3.0, 0.7),
            (3.0, 1e-3),
            (-2.0, 1.9),
            (1e3, -0.5),
            (0.1, 0.05),
        ] {
            let h = 1e-5;
            let difference = (yeo_johnson(x, lambda + h) - yeo_johnson(x, lambda - h)) / (2.0 * h);
            let error = (slope(x, lambda) - difference).abs();
            assert!(error < 1e-7 * difference.abs(), "{x} {lambda}: {error}");
        }
    }
}
