use std::f64::consts::PI;

/// How many checkpoints the variance of the whole run counts for in the variance of a phase: a phase of three checkpoints
/// would fit its noise exactly (Fraley and Raftery 2007).
const PRIOR: f64 = 3.0;
/// The least variance, where a run follows itself exactly.
const LEAST_VARIANCE: f64 = 1e-6;
/// The largest |a|: no phase runs away.
const MOST_MEMORY: f64 = 0.99;

/// How one observable, standardised to mean 0 and variance 1 over the run, moves in one phase:
/// x_t = c + a x_(t-1) + noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhaseDynamics {
    /// c, in standard deviations of the observable.
    pub constant: f64,
    /// a, -0.99 to 0.99; 0 without autoregression.
    pub memory: f64,
    /// The variance of the noise; that of one phase for the whole run counts for three checkpoints.
    pub variance: f64,
}

impl PhaseDynamics {
    /// The level to which the observable tends in the phase, c / (1 - a), in standard deviations from its mean.
    pub fn level(&self) -> f64 {
        self.constant / (1.0 - self.memory)
    }

    /// ln of the density of `now` after `before`.
    pub(super) fn log_density(&self, before: f64, now: f64) -> f64 {
        let error = now - self.constant - self.memory * before;
        -0.5 * ((2.0 * PI * self.variance).ln() + error * error / self.variance)
    }

    /// The dynamics of one phase for all `values`.
    pub(super) fn whole(values: &[f64], autoregressive: bool) -> Self {
        let weights = vec![1.0; values.len() - 1];
        Self::weighted(values, &weights, autoregressive, 0.0)
    }

    /// The dynamics of `values` (from the second on) with the greatest likelihood, each weighted; `whole` is the
    /// variance of the whole run.
    pub(super) fn weighted(
        values: &[f64],
        weights: &[f64],
        autoregressive: bool,
        whole: f64,
    ) -> Self {
        let pairs = || {
            values
                .windows(2)
                .map(|pair| (pair[0], pair[1]))
                .zip(weights)
        };
        let mean = |of: &dyn Fn(f64, f64) -> f64| {
            let sum: f64 = pairs().map(|((x, y), w)| w * of(x, y)).sum();
            sum / weights.iter().sum::<f64>().max(f64::MIN_POSITIVE)
        };
        let (x, y) = (mean(&|x, _| x), mean(&|_, y| y));
        let (xx, xy) = (
            mean(&|a, _| (a - x) * (a - x)),
            mean(&|a, b| (a - x) * (b - y)),
        );
        let memory = match autoregressive && xx > 1e-9 {
            true => (xy / xx).clamp(-MOST_MEMORY, MOST_MEMORY),
            false => 0.0,
        };
        let constant = y - memory * x;
        let variance = mean(&|a, b| (b - constant - memory * a).powi(2));
        let weight: f64 = weights.iter().sum();
        let prior = if whole > 0.0 { PRIOR } else { 0.0 };
        let shrunken =
            (weight * variance + prior * whole) / (weight + prior).max(f64::MIN_POSITIVE);
        Self {
            constant,
            memory,
            variance: shrunken.max(LEAST_VARIANCE),
        }
    }
}
