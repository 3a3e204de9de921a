//! What is identified of any curve: its values, its maximum, the step at which it is half-way.

/// A curve over the steps of a run.
pub(crate) trait Curve {
    /// The curve at step `t`.
    fn value(&self, t: f64) -> f64;
    /// First and last step of the series.
    fn span(&self) -> (f64, f64);
    /// Steps within the span at which the curve may have an extremum.
    fn turns(&self) -> Vec<f64>;
}

/// Summaries of a curve between the first and the last step of its series. Values are in units of
/// the series (a ratio, without unit), times are training steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// The curve at the first step.
    pub f_first: f64,
    /// The curve at the last step, T.
    pub f_last: f64,
    /// The largest value of the curve between them.
    pub f_max: f64,
    /// First step at which the curve is half-way from `f_first` to `f_max`, or to its smallest
    /// value where it never rises above `f_first`; empty where it does not move at all.
    pub t_half: Option<f64>,
}

impl Summary {
    pub(crate) fn new(curve: &impl Curve) -> Self {
        let (first, last) = curve.span();
        let mut extrema = vec![first, last];
        extrema.extend(curve.turns());
        let by_value = |a: &&f64, b: &&f64| curve.value(**a).total_cmp(&curve.value(**b));
        let highest = extrema.iter().max_by(by_value).map_or(last, |t| *t);
        let lowest = extrema.iter().min_by(by_value).map_or(last, |t| *t);
        let f_first = curve.value(first);
        let extremum = if curve.value(highest) > f_first {
            highest
        } else {
            lowest
        };
        Self {
            f_first,
            f_last: curve.value(last),
            f_max: curve.value(highest),
            t_half: half_way(curve, first, extremum),
        }
    }
}

/// Bisects for the half-way value between `from` and the extremum at `to`; between them the curve
/// crosses it once.
fn half_way(curve: &impl Curve, from: f64, to: f64) -> Option<f64> {
    let (start, end) = (curve.value(from), curve.value(to));
    if start == end {
        return None;
    }
    let half = start + (end - start) / 2.0;
    let (mut before, mut after) = (from, to);
    while after - before > 1e-12 * to {
        let middle = before + (after - before) / 2.0;
        if middle <= before || middle >= after {
            break;
        }
        if (curve.value(middle) - half) * (end - start) < 0.0 {
            before = middle;
        } else {
            after = middle;
        }
    }
    Some(after)
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

    struct Parabola;

    impl Curve for Parabola {
        fn value(&self, t: f64) -> f64 {
            10.0 - (t - 3.0).powi(2)
        }
        fn span(&self) -> (f64, f64) {
            (0.0, 4.0)
        }
        fn turns(&self) -> Vec<f64> {
            vec![3.0]
        }
    }

    #[test]
    fn summaries_of_a_parabola() {
        let s = Summary::new(&Parabola);
        assert_eq!((s.f_first, s.f_last, s.f_max), (1.0, 9.0, 10.0));
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
