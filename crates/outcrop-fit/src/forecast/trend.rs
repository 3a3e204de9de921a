//! The trend of a ratio in schedule time: a random walk whose drift is one, too.

use super::student::students_quantile;
use crate::{Interval, ScheduleTime, Series, TrendCoefficients};

/// The trend of ln f over u = ln S, S the sum of the learning rates: d ln f = v du + s dW, where the drift v returns to a
/// mean as an Ornstein-Uhlenbeck process does, and each checkpoint has noise besides.
///
/// This is the local linear trend with a damped slope of structural time series (Harvey, 1989; Gardner and McKenzie,
/// 1985), in continuous time since checkpoints are not even. Kalman's filter gives the forecast: the last level, and the
/// drift of late, which fades to that of other runs. The size s is estimated from the series, how far ends lie from their
/// forecasts in this unit was learned: the band is Student's.
///
/// In u the end of a decay is near: a run whose rate falls along a cosine has made 70 % of its S at half of its steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trend {
    coefficients: TrendCoefficients,
    /// ln f and its drift at the last step, with their covariance in units of the variance s^2.
    state: State,
    /// u at the last step.
    at: f64,
    /// The changes that were not foreseen, squared over their variances: their sum and number.
    squares: f64,
    changes: usize,
}

/// ln f and its drift.
#[derive(Clone, Copy, Debug)]
struct State {
    mean: [f64; 2],
    /// Variance of ln f, covariance, variance of the drift.
    spread: [f64; 3],
}

impl State {
    /// `du` later.
    fn behind(&self, du: f64, coefficients: &TrendCoefficients) -> Self {
        let TrendCoefficients {
            drift,
            memory,
            drift_variance,
            ..
        } = *coefficients;
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
    fn seen(&self, value: f64, noise: f64) -> (Self, f64) {
        let [a, b, c] = self.spread;
        let expected = a + noise;
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

/// u and ln f of a series of ratios above 0 under its schedule, from the first update on.
pub(super) fn points(series: &Series, time: &ScheduleTime) -> Vec<[f64; 2]> {
    let points = series.steps().iter().zip(series.values());
    let points = points.map(|(t, y)| [time.at(*t).ln(), y.ln()]);
    points.filter(|[u, _]| u.is_finite()).collect()
}

impl Trend {
    /// The trend of a series of ratios above 0 under its schedule; none where there is too little behind the first
    /// update.
    pub(super) fn new(
        series: &Series,
        time: &ScheduleTime,
        coefficients: &TrendCoefficients,
    ) -> Option<Self> {
        let points = points(series, time);
        let (first, rest) = points.split_first()?;
        let begun = Self::begin(*first, coefficients);
        let trend = rest.iter().fold(begun, |trend, point| trend.seen(*point));
        trend.is_usable().then_some(trend)
    }

    /// With the first point, u and ln f.
    pub(super) fn begin([at, first]: [f64; 2], coefficients: &TrendCoefficients) -> Self {
        Self {
            coefficients: *coefficients,
            state: State {
                mean: [first, coefficients.drift],
                spread: [coefficients.noise, 0.0, coefficients.drift_variance],
            },
            at,
            squares: 0.0,
            changes: 0,
        }
    }

    /// With one more point.
    pub(super) fn seen(&self, [u, value]: [f64; 2]) -> Self {
        let foreseen = self.state.behind(u - self.at, &self.coefficients);
        let (state, square) = foreseen.seen(value, self.coefficients.noise);
        Self {
            state,
            at: u,
            squares: self.squares + square,
            changes: self.changes + 1,
            ..*self
        }
    }

    /// Whether there are enough changes, and some that are not 0.
    pub(super) fn is_usable(&self) -> bool {
        self.changes >= ENOUGH && self.squares.is_finite()
    }

    /// ln f that is expected at `u`, and the size of the error that the series itself shows.
    pub(super) fn ahead(&self, u: f64) -> (f64, f64) {
        let du = (u - self.at).max(0.0);
        let behind = self.state.behind(du, &self.coefficients);
        let variance = self.squares / self.changes as f64;
        let spread = behind.spread[0] + self.coefficients.noise;
        (behind.mean[0], (variance * spread).sqrt())
    }

    /// The forecast at a step under the schedule, and its band for an observed value.
    pub(super) fn forecast(&self, time: &ScheduleTime, step: f64, level: f64) -> (f64, Interval) {
        let (centre, size) = self.ahead(time.at(step).ln());
        let TrendCoefficients {
            freedom, spread, ..
        } = self.coefficients;
        let reach = students_quantile(0.5 + 0.5 * level, freedom) * spread * size;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RateHistory;

    /// Both steps of half the length are as one: the process has no grid.
    #[test]
    fn two_short_steps_are_one_long_step() {
        let state = State {
            mean: [3.0, 0.7],
            spread: [0.2, -0.1, 1.5],
        };
        let behind = |state: State, du| state.behind(du, &TrendCoefficients::default());
        let (two, one) = (behind(behind(state, 0.3), 0.5), behind(state, 0.8));
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
        let value = |t: f64| 50.0 * time.at(t).powf(0.8);
        let seen = &steps[..40];
        let values: Vec<f64> = seen.iter().map(|t| value(*t)).collect();
        let series = Series::new(seen, &values).unwrap();
        let trend = Trend::new(&series, &time, &TrendCoefficients::default()).unwrap();
        let (found, band) = trend.forecast(&time, 1000.0, 0.9);
        let (rise, truth) = ((found / values[39]).ln(), (value(1000.0) / values[39]).ln());
        // drawn towards the drift of other runs, which is less than half of this one
        assert!(0.5 * truth < rise && rise < truth, "{rise} {truth}");
        assert!(band.lo < Some(found) && band.hi > Some(found));
    }
}
