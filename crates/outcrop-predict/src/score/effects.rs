//! One number for each architecture: what sets its rows apart from their depth, in standard errors.

use std::collections::BTreeMap;

use super::architectures::Architectures;
use crate::stats::mean;
use crate::trained::Trained;
use crate::{PredictOptions, Regressor, Result, Table, Target};

/// Residuals below this share of the largest value are rounding, and no effect.
const ROUNDING: f64 = 1e-10;
/// So are effects that are all below this many standard errors.
const NOTHING: f64 = 1e-6;

/// The effect of each architecture in which a target is identified.
pub(super) struct Effects {
    /// Indices of the architectures, in order.
    pub(super) architectures: Vec<usize>,
    /// Of each, its effect over its standard error: exchangeable where effects do not depend on the
    /// architecture.
    pub(super) standardised: Vec<f64>,
}

impl Effects {
    /// An effect is the mean difference between rows and the depth profile of all rows, in
    /// transformed space, and its variance tau^2 + s^2/n: s^2 within architectures, n its rows, tau^2
    /// between architectures (DerSimonian and Laird 1986). Without the division, architectures with
    /// few layers scatter most, and as these lie at one end of every feature, chance would look like
    /// an influence of it.
    pub(super) fn of(
        table: &Table,
        architectures: &Architectures,
        target: Target,
        options: &PredictOptions,
    ) -> Result<Self> {
        let rows = table.rows_with(target);
        let profile = Trained::fit(table, &rows, target, Regressor::DepthProfile, options)?;
        let mut residuals: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        let mut largest = 0.0f64;
        for index in rows {
            let row = table.row(index);
            let Some(observed) = row.target(target) else {
                continue;
            };
            let z = profile.transform().forward(observed);
            let residual = z - profile.predict_transformed(&row.features)?;
            let architecture = architectures.of_row(table, index);
            residuals.entry(architecture).or_default().push(residual);
            largest = largest.max(z.abs());
        }
        let rounding = |r: &&mut f64| r.abs() <= ROUNDING * largest;
        let all = residuals.values_mut().flatten();
        all.filter(rounding).for_each(|r| *r = 0.0);
        Ok(Self {
            standardised: standardised(&residuals.values().collect::<Vec<_>>()),
            architectures: residuals.into_keys().collect(),
        })
    }
}

/// Of each group its mean, less the mean of all groups, over its standard error; each weighs 1 over
/// its variance. All 0 where nothing varies.
fn standardised(groups: &[&Vec<f64>]) -> Vec<f64> {
    let means: Vec<f64> = groups.iter().map(|g| mean(g)).collect();
    let rows: usize = groups.iter().map(|g| g.len()).sum();
    let squares = groups.iter().zip(&means).map(|(group, mean)| {
        let squares = group.iter().map(|r| (r - mean).powi(2));
        squares.sum::<f64>()
    });
    let within = squares.sum::<f64>() / (rows - groups.len()).max(1) as f64;
    let errors: Vec<f64> = groups.iter().map(|g| within / g.len() as f64).collect();
    let between = between(&means, &errors);
    let weights: Vec<f64> = errors.iter().map(|e| 1.0 / (between + e)).collect();
    if weights.iter().any(|w| !w.is_finite()) {
        return vec![0.0; groups.len()];
    }
    let (centre, _) = centre(&means, &weights);
    let pairs = means.iter().zip(&weights);
    let effects: Vec<f64> = pairs.map(|(m, w)| (m - centre) * w.sqrt()).collect();
    match effects.iter().any(|e| e.abs() > NOTHING) {
        true => effects,
        false => vec![0.0; groups.len()],
    }
}

/// tau^2, at least 0: (Q - (m - 1)) / (sum u - sum u^2 / sum u) with u = 1/s^2; the variance of the
/// means where some s is 0.
fn between(means: &[f64], errors: &[f64]) -> f64 {
    if errors.iter().any(|e| *e <= 0.0) {
        return crate::stats::mean_and_deviation(means).1.powi(2);
    }
    let weights: Vec<f64> = errors.iter().map(|e| 1.0 / e).collect();
    let (_, q) = centre(means, &weights);
    let sum: f64 = weights.iter().sum();
    let squares: f64 = weights.iter().map(|w| w * w).sum();
    ((q - (means.len() as f64 - 1.0)) / (sum - squares / sum)).max(0.0)
}

/// The weighted mean, and Q, the weighted sum of squares about it.
fn centre(values: &[f64], weights: &[f64]) -> (f64, f64) {
    let pairs = || values.iter().zip(weights);
    let mean = pairs().map(|(v, w)| v * w).sum::<f64>() / weights.iter().sum::<f64>();
    (mean, pairs().map(|(v, w)| w * (v - mean).powi(2)).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(groups: &[&[f64]]) -> Vec<f64> {
        let groups: Vec<Vec<f64>> = groups.iter().map(|g| g.to_vec()).collect();
        standardised(&groups.iter().collect::<Vec<_>>())
    }

    /// Means 0, 0 and 6 of two, four and two rows; s^2 = (2 + 4 + 2) / 5 = 1.6, so u = 1.25, 2.5 and
    /// 1.25; centre 1.5, Q = 1.25 * 2.25 + 2.5 * 2.25 + 1.25 * 20.25 = 33.75, and
    /// tau^2 = (33.75 - 2) / (5 - 9.375 / 5) = 10.16.
    #[test]
    fn three_architectures_worked_by_hand() {
        let found = of(&[&[-1.0, 1.0], &[1.0, -1.0, 1.0, -1.0], &[5.0, 7.0]]);
        let variances = [10.16 + 0.8, 10.16 + 0.4, 10.16 + 0.8];
        let weights = variances.map(|v| 1.0 / v);
        let centre = 6.0 * weights[2] / weights.iter().sum::<f64>();
        for ((z, mean), variance) in found.iter().zip([0.0, 0.0, 6.0]).zip(variances) {
            let expected: f64 = (mean - centre) / f64::sqrt(variance);
            assert!((z - expected).abs() < 1e-12, "{z} {expected}");
        }
    }

    #[test]
    fn one_row_each_and_no_variation_are_no_division_by_zero() {
        let alone = of(&[&[1.0], &[2.0], &[6.0]]);
        assert!(
            (alone[2] - 3.0 / (14.0f64 / 3.0).sqrt()).abs() < 1e-12,
            "{alone:?}"
        );
        assert_eq!(of(&[&[2.0, 2.0], &[2.0]]), [0.0, 0.0]);
        let rounding = 1e-16;
        assert_eq!(of(&[&[0.3, -0.3 + rounding], &[0.3, -0.3]]), [0.0, 0.0]);
    }
}
