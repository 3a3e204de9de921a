use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{ChiSquared, Distribution, StandardNormal};

use super::drawn::Drawn;
use super::plane::zoom;
use crate::autocorrelation::{Whitened, shares};
use crate::hypotheses::{Emergence, EmergenceCurve};
use crate::observations::Observations;
use crate::separable::{Data, Projection, Separable};
use crate::{Curve, CurveSummary, Interval, Weighting};

/// Emergence curves drawn from the posterior of one fit, all equally probable.
///
/// ```
/// use outcrop_fit::{Emergence, Observations, FitOptions, Posterior, Series};
///
/// let steps: Vec<f64> = (0..30).map(|i| 40.0 * f64::from(i)).collect();
/// let wiggle = |i: usize| 1.0 + 0.02 * (7.0 * i as f64).sin();
/// let f = |t: f64| (-4e-3 * t).exp() * (20.0 * (t + 50.0).ln() - 70.0) + 12.0;
/// let values: Vec<f64> = steps.iter().enumerate().map(|(i, &t)| f(t) * wiggle(i)).collect();
/// let (series, options) = (Series::new(&steps, &values)?, FitOptions::default());
/// let observations = Observations::new(&series, &options)?;
/// let posterior = Posterior::new(&observations, &Emergence::fit(&observations)?);
/// assert!(posterior.p_peak() > 0.99);
/// let end = posterior.value(1160.0, 0.9);
/// assert!(end.lo < Some(f(1160.0)) && end.hi > Some(f(1160.0)));
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Posterior {
    pub(super) curves: Vec<EmergenceCurve>,
    pub(super) summaries: Vec<CurveSummary>,
    /// Standard deviation of the noise of each curve at its last step, in units of the values.
    noise: Vec<f64>,
    /// Whether the noise grows with the curve.
    relative: bool,
    last: f64,
    p_peak: f64,
}

/// The same draws in every run.
const SEED: u64 = 20_260_224;

impl Posterior {
    /// Draws as many curves as the option `draws` says.
    pub fn new(observations: &Observations<'_>, fit: &Emergence) -> Self {
        let (series, count) = (observations.series, observations.options.draws());
        let scaled: Vec<f64> = series.values().iter().map(|y| y / fit.unit).collect();
        let data = Data {
            steps: series.steps(),
            values: &scaled,
            scales: &fit.scales,
        };
        let projection = Projection::new(&fit.family, data);
        // one degree of freedom less for each parameter
        let points = fit.scales.iter().filter(|s| **s > 0.0).count();
        let freedom = (points as f64 - 5.0).max(1.0);
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let (mut curves, mut noise) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let last_scale = fit.last_scale();
        let shares = shares(&projection, &fit.p);
        let masses: Vec<f64> = shares.iter().map(|(_, share)| *share).collect();
        for ((rho, _), count) in shares.iter().zip(systematic(&masses, count)) {
            let mut take = |point: &[f64; 2], coefficients: [f64; 3], sigma: f64| {
                let coefficients = coefficients.map(|c| c * fit.unit);
                curves.push(EmergenceCurve::new(&fit.family, point, coefficients));
                // from that of a change to that of the noise
                let sigma = sigma / (1.0 - rho * rho).sqrt();
                noise.push(sigma * fit.unit / last_scale);
            };
            let draws = Draws {
                at: fit.p,
                freedom,
                count,
            };
            if *rho == 0.0 {
                draws.of(&fit.family, data, &mut rng, &mut take);
                continue;
            }
            let family = Whitened {
                inner: &fit.family,
                scales: &fit.scales,
                rho: *rho,
            };
            let data = Data {
                steps: series.steps(),
                values: &family.values(&scaled),
                scales: &vec![1.0; scaled.len()],
            };
            draws.of(&family, data, &mut rng, &mut take);
        }
        let mut summaries: Vec<CurveSummary> = curves.iter().map(|c| series.summary(c)).collect();
        if shares.iter().any(|(rho, _)| *rho > 0.0) {
            let seen: Vec<bool> = summaries
                .iter()
                .map(|s| is_seen(s, series.steps()))
                .collect();
            retain(&mut curves, &seen);
            retain(&mut noise, &seen);
            retain(&mut summaries, &seen);
        }
        let peaks = summaries.iter().filter(|s| s.t_peak.is_some()).count();
        Self {
            p_peak: peaks as f64 / curves.len().max(1) as f64,
            curves,
            summaries,
            noise,
            relative: observations.options.weighting() != Weighting::Raw
                && !series.shape().has_constant_noise(),
            last: series.last(),
        }
    }

    /// The probability of a maximum between the first and the last step.
    pub fn p_peak(&self) -> f64 {
        self.p_peak
    }

    /// The drawn curves.
    pub fn curves(&self) -> &[EmergenceCurve] {
        &self.curves
    }

    /// The interval of f(t) at step `t`, also beyond the run, with equal probability (1 - level) / 2
    /// on either side.
    pub fn value(&self, t: f64, level: f64) -> Interval {
        Interval::new(self.curves.iter().map(|c| c.value(t)).collect(), level)
    }

    /// The interval of a value observed at step `t`: that of the curve and the noise, which grows
    /// with the curve unless the weights are raw.
    pub fn observation(&self, t: f64, level: f64) -> Interval {
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let draws = self.curves.iter().zip(&self.noise).map(|(curve, noise)| {
            let (value, last) = (curve.value(t), curve.value(self.last));
            let growth = if self.relative && last != 0.0 {
                (value / last).abs()
            } else {
                1.0
            };
            value + noise * growth * normal(&mut rng)
        });
        Interval::new(draws.collect(), level)
    }

    /// As [`Posterior::value`] at each of `steps`, from every fourth curve: for drawing.
    pub fn band(&self, steps: &[f64], level: f64) -> Vec<Interval> {
        let drawn = Drawn::new(self.curves.iter().step_by(4));
        let at = |&t: &f64| Interval::new(drawn.values(t), level);
        steps.iter().map(at).collect()
    }
}

/// Whether a curve has no peak between the first two steps, where nothing was measured that bounds it. Correlated noise takes a
/// flat series for likely, and of the emergence curve such a peak, of any height, before a constant is a flat series.
fn is_seen(summary: &CurveSummary, steps: &[f64]) -> bool {
    let unseen = |peak: f64| steps.get(1).is_some_and(|second| peak < *second);
    !summary.t_peak.is_some_and(unseen)
}

/// Keeps what is `seen`, or everything where nothing is.
fn retain<T>(items: &mut Vec<T>, seen: &[bool]) {
    if seen.contains(&true) {
        let mut seen = seen.iter();
        items.retain(|_| seen.next() == Some(&true));
    }
}

/// What is drawn of one model of the noise.
#[derive(Clone, Copy, Debug)]
struct Draws {
    /// The optimum, which a coarse grid could miss.
    at: [f64; 2],
    freedom: f64,
    count: usize,
}

impl Draws {
    /// Hands points, coefficients and standard deviations of the noise to `take`.
    fn of<F: Separable<2, 3>>(
        self,
        family: &F,
        data: Data<'_>,
        rng: &mut ChaCha8Rng,
        take: &mut impl FnMut(&[f64; 2], [f64; 3], f64),
    ) {
        let projection = Projection::new(family, data);
        let best = (self.at, projection.solve(&self.at).sse);
        let plane = zoom(family, data, best, self.freedom);
        let draws = systematic(&plane.masses, self.count);
        for (point, draws) in plane.points.iter().zip(draws) {
            if draws == 0 {
                continue;
            }
            let spread = projection.spread(point);
            for _ in 0..draws {
                let sigma = variance(spread.sse, self.freedom, rng).sqrt();
                let normal = std::array::from_fn(|_| sigma * normal(rng));
                take(point, spread.coefficients(normal), sigma);
            }
        }
    }
}

/// How often each point is drawn: systematic sampling, which differs from `count` times its mass
/// by less than 1 (in the sums up to each point).
fn systematic(masses: &[f64], count: usize) -> Vec<usize> {
    let (mut sum, mut before) = (0.0, 0);
    let times = |mass: &f64| {
        sum += mass;
        let until = ((sum * count as f64 + 0.5).floor() as usize).min(count);
        let times = until - before;
        before = until;
        times
    };
    masses.iter().map(times).collect()
}

/// A draw of the noise variance: SSE over chi-squared.
fn variance(sse: f64, freedom: f64, rng: &mut ChaCha8Rng) -> f64 {
    ChiSquared::new(freedom).map_or(0.0, |chi| sse / chi.sample(rng))
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_draw_is_used_and_in_proportion() {
        let times = systematic(&[0.1, 0.0, 0.65, 0.25], 20);
        assert_eq!(times, [2, 0, 13, 5]);
        assert_eq!(systematic(&[0.5, 0.5], 3).iter().sum::<usize>(), 3);
    }
}
