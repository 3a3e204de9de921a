use std::sync::Arc;

use super::ScheduleTime;

/// The momentum of the decay, m, and its sum, S2, with their derivatives by lambda.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Momentum {
    m: [f64; 2],
    sum: [f64; 2],
}

/// What a decay of the learning rate takes away, as Tissue et al. (2024, arXiv 2408.11029) have it for losses:
/// S2(t) = sum of m_i over the updates up to t, m_i = lambda m_(i-1) + (eta_(i-1) - eta_i), lambda = 1 - 1 / memory.
///
/// It is 0 until the end of the warm-up, where the rate is largest for the first time. With a long memory it is the area
/// between the largest rate and the schedule; with a memory of one update it is the fall of the rate.
#[derive(Clone, Debug)]
pub(crate) struct Annealing {
    time: Arc<ScheduleTime>,
    lambda: f64,
    /// At the points of the schedule.
    at: Vec<Momentum>,
    /// The first point with the largest rate.
    from: usize,
}

impl Annealing {
    /// `memory` in updates, at least 1.
    pub(crate) fn new(time: &Arc<ScheduleTime>, memory: f64) -> Self {
        let peak = time.peak();
        let from = time.rates.iter().position(|rate| *rate == peak);
        let mut annealing = Self {
            time: time.clone(),
            lambda: 1.0 - 1.0 / memory,
            at: vec![Momentum::default(); time.steps.len()],
            from: from.unwrap_or(0),
        };
        for k in annealing.from + 1..time.steps.len() {
            let d = time.steps[k] - time.steps[k - 1];
            annealing.at[k] = annealing.behind(k - 1, d);
        }
        annealing
    }

    /// S2 at a step and its derivative by lambda.
    pub(crate) fn value(&self, step: f64) -> [f64; 2] {
        let k = self.time.before(step);
        match k < self.from {
            true => [0.0; 2],
            false => self.behind(k, step - self.time.steps[k]).sum,
        }
    }

    /// `d` updates behind point `k`, over which the rate falls evenly: geometric series.
    fn behind(&self, k: usize, d: f64) -> Momentum {
        let Momentum { m, sum } = self.at[k];
        if d == 0.0 {
            return self.at[k];
        }
        let (lambda, rest, fall) = (self.lambda, 1.0 - self.lambda, -self.time.slope(k));
        if d == 1.0 {
            let m = [lambda * m[0] + fall, m[0] + lambda * m[1]];
            return Momentum {
                m,
                sum: [sum[0] + m[0], sum[1] + m[1]],
            };
        }
        let power = [lambda.powf(d), d * lambda.powf(d - 1.0)];
        // the sum of lambda^(j-1), of lambda^j, and of the sums of the former, each over j = 1 to d; with derivatives
        let ones = -(d * (-rest).ln_1p()).exp_m1() / rest;
        let ones = [ones, (ones - power[1]) / rest];
        let powers = [lambda * ones[0], ones[0] + lambda * ones[1]];
        let sums = (d - powers[0]) / rest;
        let sums = [sums, (sums - powers[1]) / rest];
        Momentum {
            m: [
                power[0] * m[0] + fall * ones[0],
                power[1] * m[0] + power[0] * m[1] + fall * ones[1],
            ],
            sum: [
                sum[0] + m[0] * powers[0] + fall * sums[0],
                sum[1] + m[1] * powers[0] + m[0] * powers[1] + fall * sums[1],
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RateHistory;

    /// Two plateaus with a decay between, known at every update or at the corners alone.
    fn schedule(steps: &[f64]) -> Arc<ScheduleTime> {
        let rate = |t: &f64| 0.02 - 0.0001 * (t - 100.0).clamp(0.0, 150.0);
        let rates: Vec<f64> = steps.iter().map(rate).collect();
        Arc::new(ScheduleTime::new(&RateHistory::new(steps, &rates)).unwrap())
    }

    fn updates() -> Vec<f64> {
        (1..=400).map(f64::from).collect()
    }

    #[test]
    fn it_is_the_recursion() {
        let steps = updates();
        let (every, corners) = (schedule(&steps), schedule(&[1.0, 100.0, 250.0, 400.0]));
        for memory in [1.0, 7.0, 300.0] {
            let lambda = 1.0 - 1.0 / memory;
            let (mut m, mut sum) = (0.0, 0.0);
            let known = Annealing::new(&every, memory);
            let sparse = Annealing::new(&corners, memory);
            for pair in steps.windows(2) {
                let rate = |t: f64| 0.02 - 0.0001 * (t - 100.0).clamp(0.0, 150.0);
                m = lambda * m + (rate(pair[0]) - rate(pair[1]));
                sum += m;
                assert!((known.value(pair[1])[0] - sum).abs() < 1e-12, "{pair:?}");
                assert!((sparse.value(pair[1])[0] - sum).abs() < 1e-11, "{pair:?}");
            }
        }
    }

    #[test]
    fn derivatives_are_those_of_the_value() {
        for time in [schedule(&updates()), schedule(&[1.0, 100.0, 250.0, 400.0])] {
            for lambda in [0.3, 0.9, 0.995] {
                let h = 1e-6;
                let at = |lambda: f64, t| Annealing::new(&time, 1.0 / (1.0 - lambda)).value(t);
                for t in [50.0, 130.0, 250.0, 333.0] {
                    let numeric = (at(lambda + h, t)[0] - at(lambda - h, t)[0]) / (2.0 * h);
                    let [_, slope] = at(lambda, t);
                    assert!(
                        (slope - numeric).abs() < 1e-6 * (1.0 + numeric.abs()),
                        "{lambda} {t}"
                    );
                }
            }
        }
    }

    /// Without forgetting, here of 400 updates in 4 million, it is the area between the largest rate and the schedule.
    #[test]
    fn a_long_memory_gives_the_area_that_is_lost() {
        let time = schedule(&updates());
        let area = 0.02 * 400.0 - time.at(400.0);
        let found = Annealing::new(&time, 4e6).value(400.0)[0];
        assert!((found / area - 1.0).abs() < 1e-4, "{found} {area}");
    }
}
