use crate::RateHistory;

/// How far a known rate may lie beside the lines that stand for all of them, as a share of the largest: a cosine takes
/// some 300 lines.
const BESIDE: f64 = 1e-5;

/// The schedule of a run as time: S(t), the sum of the learning rates of the first t updates.
///
/// S has the unit of the learning rate, summed over updates; it starts at 0 and never falls. Between two known rates the
/// rate lies on a line; before the first known one and behind the last one it stays as there.
///
/// ```
/// use outcrop_fit::{RateHistory, ScheduleTime};
///
/// // warm-up over two updates, then a constant rate
/// let history = RateHistory::new(&[1.0, 2.0, 3.0, 4.0], &[0.05, 0.1, 0.1, 0.1]);
/// let time = ScheduleTime::new(&history).expect("a rate above 0");
/// assert!((time.at(2.0) - 0.15).abs() < 1e-15 && (time.at(4.0) - 0.35).abs() < 1e-15);
/// assert!((time.step_at(0.35, 10.0) - 4.0).abs() < 1e-9);
/// assert_eq!((time.peak(), time.known_until()), (0.1, 4.0));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleTime {
    pub(super) steps: Vec<f64>,
    pub(super) rates: Vec<f64>,
    /// S at each of the steps.
    sums: Vec<f64>,
}

impl ScheduleTime {
    /// From the rates of a run, the rate at step s being that of update s; none where no rate is above 0.
    pub fn new(history: &RateHistory) -> Option<Self> {
        let (known, rates) = history.points();
        let first = *known.first()?;
        let (mut steps, mut kept) = (Vec::new(), Vec::new());
        if first > 0.0 {
            steps.push(0.0);
            kept.push(rates[0]);
        }
        for (step, rate) in known.iter().zip(rates) {
            if steps.last().is_none_or(|last| last < step) && *step >= 0.0 {
                steps.push(*step);
                kept.push(*rate);
            }
        }
        let (steps, kept) = corners(&steps, &kept);
        let mut time = Self {
            sums: vec![0.0; steps.len()],
            steps,
            rates: kept,
        };
        for k in 1..time.steps.len() {
            time.sums[k] = time.reached(k - 1, time.steps[k]);
        }
        (time.sums.last()? > &0.0).then_some(time)
    }

    /// S after `step` updates, `step` at least 0.
    pub fn at(&self, step: f64) -> f64 {
        self.reached(self.before(step), step)
    }

    /// The step at which S reaches `sum`, at most `last`.
    pub fn step_at(&self, sum: f64, last: f64) -> f64 {
        let (mut low, mut high) = (0.0, last);
        if self.at(last) <= sum {
            return last;
        }
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            match self.at(middle) < sum {
                true => low = middle,
                false => high = middle,
            }
        }
        high
    }

    /// The largest rate.
    pub fn peak(&self) -> f64 {
        self.rates.iter().copied().fold(0.0, f64::max)
    }

    /// The last step at which the rate is known.
    pub fn known_until(&self) -> f64 {
        self.steps[self.steps.len() - 1]
    }

    /// The last of the points at or before a step.
    pub(super) fn before(&self, step: f64) -> usize {
        let behind = self.steps.partition_point(|s| *s <= step);
        behind.saturating_sub(1)
    }

    /// By how much the rate changes with every update behind point `k`.
    pub(super) fn slope(&self, k: usize) -> f64 {
        match self.steps.get(k + 1) {
            Some(next) => (self.rates[k + 1] - self.rates[k]) / (next - self.steps[k]),
            None => 0.0,
        }
    }

    /// S at `step`, which lies between point `k` and the next: of d updates the sum is an arithmetic series.
    fn reached(&self, k: usize, step: f64) -> f64 {
        let d = step - self.steps[k];
        self.sums[k] + d * self.rates[k] + 0.5 * self.slope(k) * d * (d + 1.0)
    }
}

/// The points between which all others lie on lines, nearly: of those in sight of a point the last one (the swinging door
/// of process historians).
fn corners(steps: &[f64], rates: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let room = BESIDE * rates.iter().copied().fold(0.0, f64::max);
    let (mut from, mut found) = (0, vec![0]);
    let (mut least, mut most) = (f64::NEG_INFINITY, f64::INFINITY);
    for i in 1..steps.len() {
        let to =
            |from: usize, room: f64| (rates[i] + room - rates[from]) / (steps[i] - steps[from]);
        let ahead = to(from, 0.0);
        if !(least..=most).contains(&ahead) {
            from = i - 1;
            found.push(from);
            (least, most) = (f64::NEG_INFINITY, f64::INFINITY);
        }
        least = least.max(to(from, -room));
        most = most.min(to(from, room));
    }
    if found.last() != Some(&(steps.len() - 1)) {
        found.push(steps.len() - 1);
    }
    let of = |values: &[f64]| found.iter().map(|i| values[*i]).collect();
    (of(steps), of(rates))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cosine behind a warm-up, as of our runs.
    fn cosine(steps: u64) -> Vec<f64> {
        let warm = steps / 20;
        let rate = |i: u64| match i <= warm {
            true => 0.01 * i as f64 / warm as f64,
            false => {
                let x = (i - warm) as f64 / (steps - warm) as f64;
                0.01 * (0.1 + 0.45 * (1.0 + (std::f64::consts::PI * x).cos()))
            }
        };
        (1..=steps).map(rate).collect()
    }

    fn history(rates: &[f64]) -> RateHistory {
        let steps: Vec<f64> = (1..=rates.len()).map(|i| i as f64).collect();
        RateHistory::new(&steps, rates)
    }

    #[test]
    fn it_is_the_sum_of_the_rates() {
        let rates = cosine(400);
        let time = ScheduleTime::new(&history(&rates)).unwrap();
        let mut sum = 0.0;
        for (i, rate) in rates.iter().enumerate() {
            sum += rate;
            let beside = BESIDE * 0.01 * (i as f64 + 1.0);
            assert!((time.at(i as f64 + 1.0) - sum).abs() < beside, "{i}");
        }
        assert!(time.steps.len() < 300, "{}", time.steps.len());
        assert_eq!(time.at(0.0), 0.0);
        // behind the end the last rate goes on
        assert!((time.at(410.0) - time.at(400.0) - 10.0 * 0.001).abs() < 1e-12);
        assert!((time.step_at(time.at(123.0), 400.0) - 123.0).abs() < 1e-9);
    }

    /// A constant rate behind a warm-up takes three points, and sums are exact.
    #[test]
    fn lines_take_their_ends_alone() {
        let rates: Vec<f64> = (1..=1000).map(|i| 1e-3 * f64::from(i.min(100))).collect();
        let time = ScheduleTime::new(&history(&rates)).unwrap();
        assert_eq!(time.steps.len(), 4); // and the beginning
        let sum: f64 = rates.iter().take(70).sum();
        assert!((time.at(70.0) / sum - 1.0).abs() < 1e-12);
    }

    /// Logged at some steps only, a schedule is known up to lines.
    #[test]
    fn sparse_rates_give_nearly_the_same_sums() {
        let rates = cosine(20_000);
        let all = ScheduleTime::new(&history(&rates)).unwrap();
        let exact: f64 = rates.iter().sum();
        assert!((all.at(20_000.0) / exact - 1.0).abs() < 2e-5);
        let steps: Vec<f64> = (0..=100).map(|i| 200.0 * f64::from(i) + 1.0).collect();
        let some: Vec<f64> = steps
            .iter()
            .map(|s| rates[(*s as usize - 1).min(19_999)])
            .collect();
        let sparse = ScheduleTime::new(&RateHistory::new(&steps, &some)).unwrap();
        assert!((sparse.at(20_000.0) / exact - 1.0).abs() < 1e-3);
    }

    #[test]
    fn without_a_rate_there_is_no_schedule() {
        assert_eq!(ScheduleTime::new(&RateHistory::default()), None);
        assert_eq!(ScheduleTime::new(&history(&[0.0, 0.0])), None);
    }
}
