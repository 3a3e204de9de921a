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

/// Every ramp on an axis, with all that does not depend on the values: one axis serves many draws.
pub(super) struct Ramps {
    /// Without its middle, which would cost digits of the sums.
    axis: Vec<f64>,
    /// Starts are the checkpoints 0, `stride`, 2 `stride` and so on, ends those behind a start.
    stride: usize,
    by_start: Vec<Shapes>,
}

/// The ramps r from 0 to 1 with one start, one number for each end.
#[derive(Default)]
struct Shapes {
    /// From the start to the end on the axis.
    width: Vec<f64>,
    /// The mean over the checkpoints.
    mean: Vec<f64>,
    /// The variance times the number of checkpoints.
    variance: Vec<f64>,
}

impl Ramps {
    /// `axis` ascends and has two checkpoints or more.
    pub(super) fn new(axis: &[f64]) -> Self {
        let n = axis.len();
        let axis: Vec<f64> = axis.iter().map(|x| x - axis[n / 2]).collect();
        let stride = n.div_ceil(ENDS);
        let starts = (0..n - 1).step_by(stride);
        let by_start = starts.map(|start| Shapes::new(&axis, start, stride));
        Self {
            by_start: by_start.collect(),
            axis,
            stride,
        }
    }

    /// The ramp with the least squared error; of equal ones that with the earliest start.
    pub(super) fn closest(&self, values: &[f64]) -> Ramp {
        let n = values.len();
        let level = values.iter().sum::<f64>() / n as f64;
        let centred = || values.iter().map(|y| y - level);
        let y = before(centred());
        let xy = before(self.axis.iter().zip(centred()).map(|(x, y)| x * y));
        // sums before the checkpoint behind a start, which are those before the ends, too
        let behind = |sums: &[f64]| -> Vec<f64> {
            sums[1..n].iter().step_by(self.stride).copied().collect()
        };
        let (ys, xys) = (behind(&y), behind(&xy));
        let mut best = (f64::NEG_INFINITY, [0, n - 1], 0.0);
        let mut covariances = vec![0.0; ys.len()];
        for (i, shapes) in self.by_start.iter().enumerate() {
            let start = i * self.stride;
            let found = &mut covariances[i..];
            shapes.covariances(self.axis[start], y[n], [&ys[i..], &xys[i..]], found);
            for (j, (covariance, variance)) in found.iter().zip(&shapes.variance).enumerate() {
                let explained = covariance * covariance / variance;
                if explained > best.0 {
                    let places = [start, start + 1 + j * self.stride];
                    best = (explained, places, covariance / variance);
                }
            }
        }
        let (_, [start, end], height) = best;
        let axis = &self.axis;
        let share = |x: &f64| ((x - axis[start]) / (axis[end] - axis[start])).clamp(0.0, 1.0);
        let mean = axis.iter().map(share).sum::<f64>() / n as f64;
        let fitted = axis.iter().map(|x| level + height * (share(x) - mean));
        Ramp {
            start,
            end,
            fitted: fitted.collect(),
        }
    }
}

impl Shapes {
    fn new(axis: &[f64], start: usize, stride: usize) -> Self {
        let (n, from) = (axis.len(), axis[start]);
        let mut shapes = Self::default();
        let (mut x, mut xx) = (0.0, 0.0);
        let mut inside = start + 1;
        for end in (start + 1..n).step_by(stride) {
            for at in &axis[inside..end] {
                x += at - from;
                xx += (at - from).powi(2);
            }
            inside = end;
            let width = axis[end] - from;
            let behind = (n - end) as f64;
            let (r, rr) = (x / width + behind, xx / (width * width) + behind);
            shapes.width.push(width);
            shapes.mean.push(r / n as f64);
            shapes.variance.push(rr - r * r / n as f64);
        }
        shapes
    }

    /// The covariance of each ramp with values, times their number: `from` is its start on the axis, `all` the sum of the
    /// values, `y` and `xy` are the sums of values, and of values times the axis, before its ends.
    fn covariances(&self, from: f64, all: f64, [y, xy]: [&[f64]; 2], found: &mut [f64]) {
        let shapes = self.width.iter().zip(&self.mean);
        let sums = y.iter().zip(xy);
        for ((found, (width, mean)), (sum, moment)) in found.iter_mut().zip(shapes).zip(sums) {
            let inside = (moment - xy[0]) - from * (sum - y[0]);
            *found = inside / width + all - sum - mean * all;
        }
    }
}

/// The sums of everything before each place, and of all.
fn before(terms: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sum = 0.0;
    let after = terms.map(|term| {
        sum += term;
        sum
    });
    std::iter::once(0.0).chain(after).collect()
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
            let found = Ramps::new(&axis).closest(&values);
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

    /// Beside every ramp by plain sums: short, and so long that only every third checkpoint is an end.
    #[test]
    fn no_other_ramp_is_closer() {
        for n in [17, 400] {
            let axis: Vec<f64> = (0..n).map(|i| (1.0 + i as f64).ln()).collect();
            let noise = |i: usize| (i * i * 7919 % 1013) as f64 / 1013.0;
            let values: Vec<f64> = (0..n)
                .map(|i| noise(i) + if i > n / 3 { 2.0 } else { 0.0 })
                .collect();
            let mean = |values: &[f64]| values.iter().sum::<f64>() / n as f64;
            let explained = |start: usize, end: usize| {
                let r = |x: &f64| ((x - axis[start]) / (axis[end] - axis[start])).clamp(0.0, 1.0);
                let r: Vec<f64> = axis.iter().map(r).collect();
                let (of_r, of_values) = (mean(&r), mean(&values));
                let products = r.iter().zip(&values);
                let products = products.map(|(r, v)| (r - of_r) * (v - of_values));
                let own: f64 = r.iter().map(|r| (r - of_r).powi(2)).sum();
                products.sum::<f64>().powi(2) / own
            };
            let stride = n.div_ceil(ENDS);
            let ends = |start: usize| (start + 1..n).step_by(stride).map(move |end| (start, end));
            let all = (0..n - 1).step_by(stride).flat_map(ends);
            let most = all
                .map(|(start, end)| explained(start, end))
                .fold(0.0, f64::max);
            let found = Ramps::new(&axis).closest(&values);
            let theirs = explained(found.start, found.end);
            assert!((theirs / most - 1.0).abs() < 1e-9, "{n}: {theirs} {most}");
        }
    }
}
