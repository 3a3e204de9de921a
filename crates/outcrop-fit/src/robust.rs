//! Weights against single bad checkpoints: Tukey's biweight of the relative residuals, which gives
//! a point beyond 4.685 standard deviations no weight (Beaton and Tukey, 1974, Technometrics
//! 16:147), from a start that minimises absolute values.

use crate::families::EmergenceFamily;
use crate::goodness::standard_deviation;
use crate::weights::solve;
use crate::{FitOptions, Result, Series, Weighting};

/// Passes towards the smallest sum of absolute values, then of the biweight.
const ABSOLUTE: usize = 4;
const BIWEIGHT: usize = 6;
/// Residuals beyond this many standard deviations weigh nothing: 95 % efficient with normal noise.
const REACH: f64 = 4.685;
/// The passes end when no factor moves by more.
const SETTLED: f64 = 1e-3;

/// The square root of what is left of each point's weight.
pub(crate) fn factors(series: &Series, options: &FitOptions) -> Result<Vec<f64>> {
    let options = options.clone().with_weighting(Weighting::Relative);
    let mut factors = vec![1.0; series.values().len()];
    for pass in 0..ABSOLUTE + BIWEIGHT {
        let residuals = relative(series, &options, &factors)?;
        let sizes: Vec<f64> = residuals.iter().map(|r| r.abs()).collect();
        let scatter = standard_deviation(&sizes);
        let factor = |r: &f64| match pass {
            p if p < ABSOLUTE => (scatter / r.abs().max(scatter)).sqrt(),
            _ => (1.0 - (r / (REACH * scatter)).powi(2)).max(0.0),
        };
        let next: Vec<f64> = residuals.iter().map(factor).collect();
        let pairs = next.iter().zip(&factors);
        let settled =
            pass >= ABSOLUTE && pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) < SETTLED;
        factors = next;
        if settled {
            break;
        }
    }
    Ok(factors)
}

/// The residuals as shares of the curve.
fn relative(series: &Series, options: &FitOptions, factors: &[f64]) -> Result<Vec<f64>> {
    let family = EmergenceFamily::new(series.last(), options.max_beta(), options.min_tau0());
    let (scaled, solution) = solve(&family, series, options, factors)?;
    let pairs = series.values().iter().zip(&solution.values);
    let floor = scaled.floor();
    let size = |f: &f64| match series.shape().has_constant_noise() {
        true => scaled.unit,
        false => f.max(floor),
    };
    Ok(pairs.map(|(y, f)| (y - f) / size(f)).collect())
}
