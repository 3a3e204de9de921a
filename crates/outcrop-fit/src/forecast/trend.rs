//! The trend of a ratio in schedule time: a random walk whose drift is one, too.

use crate::{Interval, ScheduleTime, Series};

/// What 50 models of `data/atlas` taught (30 architectures, 2000 updates, cosine), and nothing else: the largest
/// likelihood of their ratios behind 30 to 80 % of training. Rates are per unit of u = ln S.
#[derive(Clone, Copy, Debug)]
struct Learned {
    /// The drift of ln f to which a run returns.
    drift: f64,
    /// How much of u it takes to return by a factor of e.
    memory: f64,
    /// Variance of the drift over runs, in units of the walk's.
    drift_variance: f64,
    /// Variance of what a checkpoint adds and the next forgets, in units of the walk's.
    noise: f64,
}

const LEARNED: Learned = Learned {
    drift: 0.186,
    memory: 1.06,
    drift_variance: 2.43,
    noise: 1.03e-3,
};

/// The trend of ln f over u = ln S, S the sum of the learning rates: d ln f = v du + s dW, where the drift v returns to a
/// mean as an Ornstein-Uhlenbeck process does, and each checkpoint has noise besides.
///
/// This is the local linear trend with a damped slope of structural time series (Harvey, 1989; Gardner and McKenzie,
/// 1985), in continuous time since checkpoints are not even. Kalman's filter gives the forecast: the last level, and the
/// drift of late, which fades to that of the atlas. The size s is estimated from the series: the band is Student's.
///
/// In u the end of a decay is near: a run whose rate falls along a cosine has made 70 % of its S at half of its steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trend {
    /// ln f and its drift at the last step, with their covariance in units of the variance s^2.
    state: State,
    /// u at the last step.
    at: f64,
    /// The estimated s^2, and from how many changes.
    variance: f64,
    changes: usize,
}

#[derive(Clone, Copy, Debug)]
struct State {
    mean: [f64; 2],
    /// Variance of ln f, covariance, variance of the drift.
    spread: [f64; 3],
}

impl State {
    /// `du` later.
    fn behind(&self, du: f64) -> Self {
        let Learned {
            drift,
            memory,
            drift_variance,
            ..
        } = LEARNED;
        let kept = (-du / memory).exp();
        let gone = -(-du / memory).exp_m1();
        let reach = memory * gone;
        let [level, speed] = self.mean;
        let [a, b, c] = self.spread;
        // the integral of an Ornstein-Uhlenbeck process and its end
        let walked = memory * (2.0 * du - memory * gone * (2.0 + gone));
        Self {
            mean: [
                level + drift * du + reach * (speed - drift),
                drift + kept * (speed - drift),
            ],
            spread: [
                a + 2.0 * reach * b + reach * reach * c + du + drift_variance * walked.max(0.0),
                kept * (b + reach * c) + drift_variance * memory * gone * gone,
                kept * kept * c + drift_variance * (1.0 - kept * kept),
            ],
        }
    }

    /// With an observation of ln f; also the change that was not foreseen, squared over its variance.
    fn seen(&self, value: f64) -> (Self, f64) {
        let [a, b, c] = self.spread;
        let expected = a + LEARNED.noise;
        let off = value - self.mean[0];
        let gain = [a / expected, b / expected];
        let state = Self {
            mean: [self.mean[0] + gain[0] * off, self.mean[1] + gain[1] * off],
            spread: [a - gain[0] * a, b - gain[0] * b, c - gain[1] * b],
        };
        (state, off * off / expected)
    }
}

/// Fewest changes from which the size of others is estimated.
const ENOUGH: usize = 5;

impl Trend {
    /// The trend of a series of ratios above 0 under its schedule; none where there is too little behind the first
    /// update.
    pub(super) fn new(series: &Series, time: &ScheduleTime) -> Option<Self> {
        let points = series.steps().iter().zip(series.values());
        let points = points.map(|(t, y)| (time.at(*t).ln(), y.ln()));
        let mut points = points.filter(|(u, _)| u.is_finite());
        let (mut at, first) = points.next()?;
        let mut state = State {
            mean: [first, LEARNED.drift],
            spread: [LEARNED.noise, 0.0, LEARNED.drift_variance],
        };
        let (mut squares, mut changes) = (0.0, 0);
        for (u, value) in points {
            let square;
            (state, square) = state.behind(u - at).seen(value);
            (at, squares, changes) = (u, squares + square, changes + 1);
        }
        let variance = squares / changes as f64;
        let usable = changes >= ENOUGH && variance.is_finite();
        usable.then_some(Self {
            state,
            at,
            variance,
            changes,
        })
    }

    /// The forecast at a step under the schedule, and its band for an observed value.
    pub(super) fn forecast(&self, time: &ScheduleTime, step: f64, level: f64) -> (f64, Interval) {
        let du = time.at(step).ln() - self.at;
        let behind = self.state.behind(du.max(0.0));
        let spread = (self.variance * (behind.spread[0] + LEARNED.noise)).sqrt();
        let reach = students_quantile(0.5 + 0.5 * level, self.changes as f64) * spread;
        let [centre, _] = behind.mean;
        // what exceeds the range of f64 is its end
        let ratio = |ln: f64| ln.exp().min(f64::MAX);
        let interval = Interval {
            lo: Some(ratio(centre - reach)),
            hi: Some(ratio(centre + reach)),
        };
        (ratio(centre), interval)
    }

    /// Whether `step` is not behind the last one.
    pub(super) fn reaches(&self, time: &ScheduleTime, step: f64) -> bool {
        time.at(step).ln() >= self.at
    }
}

/// The quantile of Student's distribution, p from 0.5 to 1, to 1e-3 from 4 degrees of freedom: the expansion of Cornish
/// and Fisher about the normal one (Abramowitz and Stegun 26.7.5).
fn students_quantile(p: f64, freedom: f64) -> f64 {
    let z = normal_quantile(p);
    let (z3, z5, z7) = (z.powi(3), z.powi(5), z.powi(7));
    z + (z3 + z) / (4.0 * freedom)
        + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * freedom.powi(2))
        + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * freedom.powi(3))
}

/// The quantile of the normal distribution, p from 0.5 to 1, to 4.5e-4 (Hastings; Abramowitz and Stegun 26.2.23).
fn normal_quantile(p: f64) -> f64 {
    let t = (-2.0 * (1.0 - p).ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    t - above / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RateHistory;

    /// Values of tables.
    #[test]
    fn quantiles_of_students_distribution() {
        for (p, freedom, expected) in [
            (0.95, 5.0, 2.015),
            (0.95, 30.0, 1.697),
            (0.975, 10.0, 2.228),
            (0.9, 8.0, 1.397),
            (0.95, 1e9, 1.645),
        ] {
            let found = students_quantile(p, freedom);
            assert!((found - expected).abs() < 2e-3, "{p} {freedom}: {found}");
        }
    }

    /// Both steps of half the length are as one: the process has no grid.
    #[test]
    fn two_short_steps_are_one_long_step() {
        let state = State {
            mean: [3.0, 0.7],
            spread: [0.2, -0.1, 1.5],
        };
        let (two, one) = (state.behind(0.3).behind(0.5), state.behind(0.8));
        let pairs = two.mean.iter().chain(&two.spread);
        for (two, one) in pairs.zip(one.mean.iter().chain(&one.spread)) {
            assert!((two - one).abs() < 1e-12, "{two} {one}");
        }
    }

    /// A power of S has a constant drift.
    #[test]
    fn a_power_of_schedule_time_goes_on_for_a_while() {
        let steps: Vec<f64> = (1..60).map(|i| 20.0 * f64::from(i)).collect();
        let rates: Vec<f64> = steps.iter().map(|t| 1e-3 * (1.3 - t / 1200.0)).collect();
        let time = ScheduleTime::new(&RateHistory::new(&steps, &rates)).unwrap();
        let value = |t: f64| 50.0 * time.at(t).powf(0.6);
        let seen = &steps[..40];
        let values: Vec<f64> = seen.iter().map(|t| value(*t)).collect();
        let series = Series::new(seen, &values).unwrap();
        let trend = Trend::new(&series, &time).unwrap();
        let (found, band) = trend.forecast(&time, 1000.0, 0.9);
        let (rise, truth) = ((found / values[39]).ln(), (value(1000.0) / values[39]).ln());
        // drawn towards the drift of the atlas, which is less than a third of this one
        assert!(0.5 * truth < rise && rise < truth, "{rise} {truth}");
        assert!(band.lo < Some(found) && band.hi > Some(found));
    }
}
