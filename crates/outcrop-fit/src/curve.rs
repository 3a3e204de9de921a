use std::fmt::Debug;

/// A fitted curve f(t), t in training steps.
pub trait Curve: Debug + Send + Sync {
    /// The curve at step `t` >= 0, in units of the values.
    fn value(&self, t: f64) -> f64;

    /// Every step strictly between `first` and `last` at which the curve turns.
    fn turns(&self, first: f64, last: f64) -> Vec<f64>;

    /// The parameters by symbol, in the units that the hypothesis states; empty where a limit of
    /// the curve leaves them undefined.
    fn parameters(&self) -> Vec<(&'static str, Option<f64>)>;
}

/// Summaries of a curve between the first and the last step of its series. Values are in units of
/// the series (a ratio, without unit), times are training steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurveSummary {
    /// The curve at the first step.
    pub f_first: f64,
    /// The curve at the last step, T.
    pub f_last: f64,
    /// The largest value of the curve between them.
    pub f_max: f64,
    /// First step at which the curve is half-way from `f_first` to `f_max`, or to its smallest
    /// value where it never rises above `f_first`; empty where it does not move at all.
    pub t_half: Option<f64>,
    /// Where the curve is largest, if that is a maximum between the first and the last step; a
    /// trough is none.
    pub t_peak: Option<f64>,
}

impl CurveSummary {
    /// The summary by the names of its quantities.
    pub fn named(&self) -> [(&'static str, Option<f64>); 5] {
        [
            ("f_first", Some(self.f_first)),
            ("f_last", Some(self.f_last)),
            ("f_max", Some(self.f_max)),
            ("t_half", self.t_half),
            ("t_peak", self.t_peak),
        ]
    }

    /// The summary of `curve` from step `first` to step `last`.
    pub fn new(curve: &(impl Curve + ?Sized), first: f64, last: f64) -> Self {
        let (f_first, f_last) = (curve.value(first), curve.value(last));
        let (mut highest, mut lowest) = ((first, f_first), (first, f_first));
        let turns = curve.turns(first, last);
        let inner = turns.into_iter().map(|t| (t, curve.value(t)));
        for (t, f) in inner.chain([(last, f_last)]) {
            if f > highest.1 {
                highest = (t, f);
            }
            if f < lowest.1 {
                lowest = (t, f);
            }
        }
        let extremum = if highest.1 > f_first { highest } else { lowest };
        Self {
            f_first,
            f_last,
            f_max: highest.1,
            t_half: half_way(curve, (first, f_first), extremum),
            t_peak: (first < highest.0 && highest.0 < last).then_some(highest.0),
        }
    }
}

/// Finds the half-way value between `from` and the extremum `to`; between them the curve crosses
/// it once. Regula falsi (Illinois) in ln(1 + t - first), where the curves are smooth, until the step or the value is exact
/// to 1e-13 of its range.
fn half_way(curve: &(impl Curve + ?Sized), from: (f64, f64), to: (f64, f64)) -> Option<f64> {
    if from.1 == to.1 {
        return None;
    }
    let half = from.1 + (to.1 - from.1) / 2.0;
    let exact = 1e-13 * (to.1 - from.1).abs();
    let step = |s: f64| from.0 + s.exp_m1();
    let (mut before, mut after) = (0.0, (to.0 - from.0).ln_1p());
    let (mut low, mut high) = (from.1 - half, to.1 - half);
    let mut kept = 0;
    for round in 0..200 {
        let width = after - before;
        if width <= 1e-13 * after {
            break;
        }
        let secant = before + width * low / (low - high);
        let inside = round < 40 && secant > before && secant < after;
        let middle = if inside { secant } else { before + width / 2.0 };
        if middle <= before || middle >= after {
            break;
        }
        let f = curve.value(step(middle)) - half;
        if f.abs() <= exact {
            return Some(step(middle));
        }
        if f * (to.1 - from.1) < 0.0 {
            (before, low) = (middle, f);
            high *= if kept < 0 { 0.5 } else { 1.0 };
            kept = -1;
        } else {
            (after, high) = (middle, f);
            low *= if kept > 0 { 0.5 } else { 1.0 };
            kept = 1;
        }
    }
    Some(step(after))
}

/// `points` steps for drawing: the first step, then logarithmically spaced from 1 (or the first
/// step where that is later) to the last.
pub(crate) fn dense_steps(first: f64, last: f64, points: usize) -> Vec<f64> {
    let start = if last <= 1.0 { last * 1e-3 } else { 1.0 };
    let (mut steps, start, rest) = if first < start {
        (vec![first], start, points - 1)
    } else {
        (Vec::new(), first, points)
    };
    let ratio = (last / start).ln() / (rest.max(2) - 1) as f64;
    steps.extend((0..rest - 1).map(|i| start * (ratio * i as f64).exp()));
    steps.push(last);
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Parabola;

    impl Curve for Parabola {
        fn value(&self, t: f64) -> f64 {
            10.0 - (t - 3.0).powi(2)
        }
        fn turns(&self, first: f64, last: f64) -> Vec<f64> {
            let turns = [3.0].into_iter();
            turns.filter(|t| first < *t && *t < last).collect()
        }
        fn parameters(&self) -> Vec<(&'static str, Option<f64>)> {
            Vec::new()
        }
    }

    #[test]
    fn summaries_of_a_parabola() {
        let s = CurveSummary::new(&Parabola, 0.0, 4.0);
        assert_eq!((s.f_first, s.f_last, s.f_max), (1.0, 9.0, 10.0));
        assert_eq!(s.t_peak, Some(3.0));
        assert_eq!(CurveSummary::new(&Parabola, 0.0, 2.0).t_peak, None);
        let half = 3.0 - 4.5f64.sqrt(); // 10 - (t - 3)^2 = 5.5
        assert!((s.t_half.unwrap() - half).abs() < 1e-10);
    }

    #[test]
    fn dense_steps_start_at_zero_and_end_at_the_last() {
        let steps = dense_steps(0.0, 143_000.0, 200);
        assert_eq!((steps.len(), steps[0], steps[1]), (200, 0.0, 1.0));
        assert_eq!(steps[199], 143_000.0);
        assert!(steps.windows(2).all(|w| w[0] < w[1]));
        let late = dense_steps(500.0, 1_000.0, 11);
        assert_eq!((late.len(), late[0], late[10]), (11, 500.0, 1_000.0));
        assert_eq!(dense_steps(0.0, 8.0, 2), [0.0, 8.0]);
    }
}
