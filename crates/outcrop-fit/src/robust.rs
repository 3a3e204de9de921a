//! Weights against single bad checkpoints: Tukey's biweight of the relative residuals, which gives
//! a point beyond 4.685 standard deviations no weight (Beaton and Tukey, 1974, Technometrics
//! 16:147), from a start that minimises absolute values.

use crate::hypotheses::emergence::EmergenceFamily;
use crate::weights::{Observations, solve};
use crate::{Options, Result, Weighting};

/// Passes towards the smallest sum of absolute values, then of the biweight.
const ABSOLUTE: usize = 4;
const BIWEIGHT: usize = 6;
/// Residuals beyond this many standard deviations weigh nothing: 95 % efficient with normal noise.
const REACH: f64 = 4.685;
/// The median absolute deviation of normal noise, in standard deviations.
const MEDIAN_DEVIATION: f64 = 0.6745;
/// Relative scatter that is rounding.
const ROUNDING: f64 = 1e-9;

/// The square root of what is left of each point's weight.
pub(crate) fn factors(observations: &Observations<'_>) -> Result<Vec<f64>> {
    let options = Options::clone(observations.options).with_weighting(Weighting::Relative);
    let mut trial = Observations {
        series: observations.series,
        options: &options,
        factors: vec![1.0; observations.series.values().len()],
    };
    for pass in 0..ABSOLUTE + BIWEIGHT {
        let residuals = relative(&trial)?;
        let scatter = scatter(&residuals);
        let factor = |r: &f64| match pass {
            p if p < ABSOLUTE => (scatter / r.abs().max(scatter)).sqrt(),
            _ => (1.0 - (r / (REACH * scatter)).powi(2)).max(0.0),
        };
        let factors: Vec<f64> = residuals.iter().map(factor).collect();
        let settled = factors
            .iter()
            .zip(&trial.factors)
            .all(|(a, b)| (a - b).abs() < 1e-3);
        trial.factors = factors;
        if settled {
            break;
        }
    }
    Ok(trial.factors)
}

/// The residuals as shares of the curve.
fn relative(trial: &Observations<'_>) -> Result<Vec<f64>> {
    let (series, options) = (trial.series, trial.options);
    let family = EmergenceFamily::new(series.last(), options.max_beta(), options.min_tau0());
    let (scaled, solution) = solve(&family, trial)?;
    let pairs = series.values().iter().zip(&solution.values);
    let floor = scaled.floor();
    Ok(pairs.map(|(y, f)| (y - f) / f.max(floor)).collect())
}

/// Standard deviation from the median of the absolute residuals, five of which the curve took.
fn scatter(residuals: &[f64]) -> f64 {
    let mut sizes: Vec<f64> = residuals.iter().map(|r| r.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let n = sizes.len();
    let middle = 0.5 * (sizes[(n - 1) / 2] + sizes[n / 2]);
    let left = n as f64 / (n as f64 - 5.0);
    (middle / MEDIAN_DEVIATION * left.sqrt()).max(ROUNDING)
}
