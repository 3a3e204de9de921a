//! Two levels with a straight line between them: what noise is drawn around, and where the levels are.

/// The most checkpoints at which a ramp may start or end.
const ENDS: usize = 150;

/// Level up to one checkpoint, straight on the axis to another, level from there.
#[derive(Clone, Debug)]
pub(super) struct Ramp {
    /// The last checkpoint of the first level.
    pub(super) start: usize,
    /// The first of the second.
    pub(super) end: usize,
    /// Its values.
    pub(super) fitted: Vec<f64>,
}

/// Sums of everything before a checkpoint.
struct Before {
    x: Vec<f64>,
    xx: Vec<f64>,
    y: Vec<f64>,
    xy: Vec<f64>,
}

impl Before {
    fn new(axis: &[f64], values: &[f64]) -> Self {
        let sums = |of: fn(f64, f64) -> f64| {
            let mut sum = 0.0;
            let terms = axis.iter().zip(values).map(|(x, y)| of(*x, *y));
            let after = terms.map(|term| {
                sum += term;
                sum
            });
            std::iter::once(0.0).chain(after).collect()
        };
        Self {
            x: sums(|x, _| x),
            xx: sums(|x, _| x * x),
            y: sums(|_, y| y),
            xy: sums(|x, y| x * y),
        }
    }

    /// The covariance of a ramp r from 0 to 1 with the values, and its own variance, each times the number of values.
    fn moments(&self, axis: &[f64], start: usize, end: usize) -> (f64, f64) {
        let n = axis.len();
        let inside = |sums: &[f64]| sums[end] - sums[start + 1];
        let (from, width) = (axis[start], axis[end] - axis[start]);
        let (count, behind) = ((end - start - 1) as f64, (n - end) as f64);
        let r = (inside(&self.x) - count * from) / width + behind;
        let rr = (inside(&self.xx) - 2.0 * from * inside(&self.x) + count * from * from)
            / (width * width)
            + behind;
        let ry = (inside(&self.xy) - from * inside(&self.y)) / width + self.y[n] - self.y[end];
        (ry - r * self.y[n] / n as f64, rr - r * r / n as f64)
    }
}

/// The ramp with the least squared error; of equal ones that with the earliest start. `axis` ascends.
pub(super) fn ramp(axis: &[f64], values: &[f64]) -> Ramp {
    let n = values.len();
    // offsets would cost digits of the sums
    let (origin, level) = (axis[n / 2], values.iter().sum::<f64>() / n as f64);
    let axis: Vec<f64> = axis.iter().map(|x| x - origin).collect();
    let centred: Vec<f64> = values.iter().map(|y| y - level).collect();
    let before = Before::new(&axis, &centred);
    let stride = n.div_ceil(ENDS);
    let mut best = (f64::NEG_INFINITY, 0, n - 1, 0.0);
    for start in (0..n - 1).step_by(stride) {
        for end in (start + 1..n).step_by(stride) {
            let (covariance, variance) = before.moments(&axis, start, end);
            let explained = covariance * covariance / variance;
            if explained > best.0 {
                best = (explained, start, end, covariance / variance);
            }
        }
    }
    let (_, start, end, height) = best;
    let share = |x: &f64| ((x - axis[start]) / (axis[end] - axis[start])).clamp(0.0, 1.0);
    let mean = axis.iter().map(share).sum::<f64>() / n as f64;
    let fitted = axis.iter().map(|x| level + height * (share(x) - mean));
    Ramp {
        start,
        end,
        fitted: fitted.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_is_found_again() {
        let axis: Vec<f64> = (0..40)
            .map(|i| f64::from(i) + 0.3 * f64::from(i % 3))
            .collect();
        for (start, end) in [(5, 6), (3, 20), (0, 39), (37, 39)] {
            let share = |x: f64| ((x - axis[start]) / (axis[end] - axis[start])).clamp(0.0, 1.0);
            let values: Vec<f64> = axis.iter().map(|x| 7.0 - 3.0 * share(*x)).collect();
            let found = ramp(&axis, &values);
            assert_eq!((found.start, found.end), (start, end));
            assert!(
                found
                    .fitted
                    .iter()
                    .zip(&values)
                    .all(|(f, v)| (f - v).abs() < 1e-9)
            );
        }
    }
}
