use super::Row;
use crate::stats::mean;
use crate::transform::Transform;
use crate::{Target, stats};

/// Half the width of an interval of level 0.9, the fitter's default, in standard errors of a
/// normal distribution. Another level changes all standard errors by one factor.
const HALF_WIDTH: f64 = 1.644_853_626_951_472_2;

/// The weight of each row for `target`, mean 1, from the interval of its fit.
///
/// w = 1 / (s^2 + tau^2), the weights of a random-effects model: s is the standard error of the
/// fit in the unit of `transform`, and tau^2 the variance between rows by the method of moments of
/// DerSimonian and Laird, "Meta-analysis in clinical trials" (1986), which holds whatever sets
/// rows apart beside the noise of their fits. tau^2 is at least the median of s^2, so that no row
/// weighs more than twice the median row, however narrow its interval.
///
/// A row without an interval counts as the median row; one whose interval is open at an end, as
/// the least certain row with a closed one. Without any closed interval all rows weigh 1.
pub(crate) fn weights<'a>(
    target: Target,
    transform: &Transform,
    rows: impl Iterator<Item = &'a Row>,
) -> Vec<f64> {
    let rows: Vec<&Row> = rows.collect();
    let errors: Vec<Option<f64>> = rows
        .iter()
        .map(|r| standard_error(transform, r.interval(target)?))
        .collect();
    let mut closed: Vec<f64> = errors
        .iter()
        .flatten()
        .copied()
        .filter(|s| s.is_finite())
        .collect();
    closed.sort_by(f64::total_cmp);
    let (Some(middle), Some(largest)) = (
        closed.get(closed.len() / 2).copied(),
        closed.last().copied(),
    ) else {
        return vec![1.0; rows.len()];
    };
    let variances = errors
        .iter()
        .map(|s| s.unwrap_or(middle).min(largest).powi(2));
    let variances: Vec<f64> = variances.collect();
    let z = rows
        .iter()
        .filter_map(|r| r.target(target))
        .map(|v| transform.forward(v));
    let between = between_rows(&z.collect::<Vec<f64>>(), &variances).max(middle * middle);
    if !(between > 0.0 && between.is_finite() && largest * largest < f64::MAX) {
        return vec![1.0; rows.len()]; // every interval is a point, or as good as infinite
    }
    let raw: Vec<f64> = variances.iter().map(|v| 1.0 / (v + between)).collect();
    let mean = mean(&raw);
    raw.iter().map(|w| w / mean).collect()
}

/// In the unit of the transform; infinite where the interval is open.
fn standard_error(transform: &Transform, [low, high]: [f64; 2]) -> Option<f64> {
    let width = match low.is_finite() && high.is_finite() {
        true => transform.forward(high) - transform.forward(low),
        false => f64::INFINITY,
    };
    (width >= 0.0).then_some(width / (2.0 * HALF_WIDTH))
}

/// (Q - (n - 1)) / (sum u - sum u^2 / sum u) with u = 1/s^2 and Q = sum u (z - mean_u z)^2; all of
/// the variance where some s is 0.
fn between_rows(z: &[f64], variances: &[f64]) -> f64 {
    if variances.iter().any(|v| *v <= 0.0) {
        return stats::mean_and_deviation(z).1.powi(2);
    }
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        z.iter().zip(variances).map(|(z, v)| f(*z, 1.0 / v)).sum()
    };
    let (first, second) = (sum(&|_, u| u), sum(&|_, u| u * u));
    let centre = sum(&|z, u| u * z) / first;
    let q = sum(&|z, u| u * (z - centre).powi(2));
    (q - (z.len() as f64 - 1.0)) / (first - second / first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use outcrop_arch::ArchSpec;
    use outcrop_core::{Fit, Quantity};

    /// Rows of `ln f_last` with a standard error each; none is no interval, infinity an open one.
    fn of(rows: &[(f64, Option<f64>)]) -> Vec<f64> {
        let row = |(value, error): &(f64, Option<f64>)| {
            let end = |side: f64| error.map(|s| (value + side * HALF_WIDTH * s).exp());
            let fit = Fit {
                quantities: [Quantity::new("f_last", value.exp())
                    .between(end(-1.0), end(1.0).filter(|v| v.is_finite()))]
                .into(),
                ..Fit::default()
            };
            Row::new(0, 1, &ArchSpec::new(1, 64, 4), &fit)
        };
        let rows: Vec<Row> = rows.iter().map(row).collect();
        weights(Target::LnFLast, &Transform::Identity, rows.iter())
    }

    /// Two rows, s^2 = 1 and 4, z = 0 and 5. u = 1, 1/4; centre 1; Q = 1 + 4 = 5;
    /// tau^2 = (5 - 1) / (1.25 - 1.0625/1.25) = 10; so w is 1/11 and 1/14 before scaling.
    #[test]
    fn two_rows_worked_by_hand() {
        let w = of(&[(0.0, Some(1.0)), (5.0, Some(2.0))]);
        let mean = (1.0 / 11.0 + 1.0 / 14.0) / 2.0;
        assert!((w[0] - 1.0 / 11.0 / mean).abs() < 1e-12, "{w:?}");
        assert!((w[1] - 1.0 / 14.0 / mean).abs() < 1e-12, "{w:?}");
    }

    #[test]
    fn one_precise_row_cannot_dominate() {
        let mut rows = vec![(1.0, Some(0.5)); 9];
        rows.push((1.0, Some(1e-9)));
        let w = of(&rows);
        assert!(w[9] > w[0] && w[9] <= 2.0 * w[0] * (1.0 + 1e-9), "{w:?}");
        assert!((w.iter().sum::<f64>() - 10.0).abs() < 1e-9);
    }

    #[test]
    fn rows_without_an_interval_weigh_as_the_median_and_open_ones_as_the_least() {
        assert_eq!(of(&[(1.0, None), (2.0, None)]), [1.0, 1.0]);
        assert_eq!(of(&[(1.0, Some(f64::INFINITY)), (2.0, None)]), [1.0, 1.0]);
        let w = of(&[
            (1.0, Some(0.1)),
            (2.0, Some(0.4)),
            (3.0, Some(0.9)),
            (2.0, None),
            (2.0, Some(f64::INFINITY)),
        ]);
        assert_eq!((w[3], w[4]), (w[1], w[2]));
        assert!(w[0] > w[1] && w[1] > w[2]);
    }
}
