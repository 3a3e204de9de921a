//! A curve through predicted summaries.

/// Values that differ by less than this factor count as equal: no peak, no fall.
const EQUAL: f64 = 1.02;
/// Share of the logarithmic time axis that the half-way step keeps from either end.
const MARGIN: f64 = 0.02;

/// The summaries that a curve passes through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summaries {
    pub(crate) f_first: f64,
    pub(crate) f_last: f64,
    pub(crate) f_max: f64,
    pub(crate) t_half: f64,
}

impl Summaries {
    /// From the logarithms, in the order of [`crate::Target::CURVE`].
    pub(crate) fn from_logarithms(ln: [f64; 4]) -> Self {
        // far beyond any ratio or step, and finite
        let [f_first, f_last, f_max, t_half] = ln.map(|v| v.clamp(-300.0, 300.0).exp());
        Self {
            f_first,
            f_last,
            f_max,
            t_half,
        }
    }
}

/// A curve over training steps: a monotone cubic in v = ln(1 + t) through a few knots.
pub(crate) struct Curve {
    knots: Vec<[f64; 2]>,
    slopes: Vec<f64>,
}

impl Curve {
    /// The curve between the steps `first` and `last` (0 <= first < last).
    pub(crate) fn new(s: Summaries, first: f64, last: f64) -> Self {
        let (start, end) = (first.ln_1p(), last.ln_1p());
        let margin = MARGIN * (end - start);
        let half = s.t_half.max(0.0).ln_1p();
        let half = half.max(start + margin).min(end - margin);
        let top = s.f_max.max(s.f_first).max(s.f_last);
        let peaks = top > EQUAL * s.f_first && top > EQUAL * s.f_last;
        let mut knots = vec![[start, s.f_first]];
        if peaks {
            knots.push([half, (s.f_first + top) / 2.0]);
            knots.push([(half + end) / 2.0, top]);
        } else {
            knots.push([half, (s.f_first + s.f_last) / 2.0]);
        }
        knots.push([end, s.f_last]);
        let slopes = monotone_slopes(&knots);
        Self { knots, slopes }
    }

    /// Its value at `step`, between the first and the last.
    pub(crate) fn at(&self, step: f64) -> f64 {
        hermite(&self.knots, &self.slopes, step.ln_1p())
    }
}

/// Slopes at the knots for which the cubic between two knots is monotone: weighted harmonic means
/// of the neighbouring secants, 0 at extrema (Fritsch and Butland 1984), as SciPy's
/// `PchipInterpolator`. Three knots or more.
fn monotone_slopes(knots: &[[f64; 2]]) -> Vec<f64> {
    let (widths, secants): (Vec<f64>, Vec<f64>) = knots
        .windows(2)
        .map(|w| (w[1][0] - w[0][0], (w[1][1] - w[0][1]) / (w[1][0] - w[0][0])))
        .unzip();
    let inner = widths.windows(2).zip(secants.windows(2)).map(|(h, s)| {
        if s[0] * s[1] <= 0.0 {
            return 0.0;
        }
        let weights = [2.0 * h[1] + h[0], h[1] + 2.0 * h[0]];
        (weights[0] + weights[1]) / (weights[0] / s[0] + weights[1] / s[1])
    });
    let n = widths.len();
    let first = end_slope([widths[0], widths[1]], [secants[0], secants[1]]);
    let last = end_slope(
        [widths[n - 1], widths[n - 2]],
        [secants[n - 1], secants[n - 2]],
    );
    std::iter::once(first)
        .chain(inner)
        .chain(std::iter::once(last))
        .collect()
}

/// The three-point slope at an end, limited so that the first piece stays monotone.
fn end_slope(h: [f64; 2], s: [f64; 2]) -> f64 {
    let slope = ((2.0 * h[0] + h[1]) * s[0] - h[0] * s[1]) / (h[0] + h[1]);
    if slope * s[0] <= 0.0 {
        0.0
    } else if s[0] * s[1] <= 0.0 && slope.abs() > 3.0 * s[0].abs() {
        3.0 * s[0]
    } else {
        slope
    }
}

fn hermite(knots: &[[f64; 2]], slopes: &[f64], v: f64) -> f64 {
    let after = knots
        .partition_point(|k| k[0] <= v)
        .clamp(1, knots.len() - 1);
    let ([v0, y0], [v1, y1]) = (knots[after - 1], knots[after]);
    let width = v1 - v0;
    let u = ((v - v0) / width).clamp(0.0, 1.0);
    let (u2, u3) = (u * u, u * u * u);
    let ends = y0 + (y1 - y0) * (3.0 * u2 - 2.0 * u3);
    let tangents = slopes[after - 1] * (u3 - 2.0 * u2 + u) + slopes[after] * (u3 - u2);
    ends + width * tangents
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use proptest::prelude::*;

    #[test]
    fn the_interpolant_is_that_of_scipy() {
        for case in Fixture::load().pchip {
            let slopes = monotone_slopes(&case.knots);
            for [v, expected] in case.points {
                let value = hermite(&case.knots, &slopes, v);
                assert!((value - expected).abs() < 1e-10, "{v}: {value} {expected}");
            }
        }
    }

    #[test]
    fn an_early_peak_and_a_climb_pass_through_their_summaries() {
        let peak = Summaries {
            f_first: 5.0,
            f_last: 400.0,
            f_max: 1000.0,
            t_half: 2000.0,
        };
        let curve = Curve::new(peak, 0.0, 143_000.0);
        for (step, expected) in [(0.0, 5.0), (2000.0, 502.5), (143_000.0, 400.0)] {
            assert!((curve.at(step) - expected).abs() < 1e-9, "{step}");
        }
        let top = (0..143)
            .map(|k| curve.at(f64::from(k) * 1000.0))
            .fold(0.0, f64::max);
        assert!(top <= 1000.0 + 1e-9 && top > 990.0, "{top}");
        let climb = Summaries {
            f_last: 1000.0,
            ..peak
        };
        let curve = Curve::new(climb, 0.0, 143_000.0);
        assert!((curve.at(2000.0) - 502.5).abs() < 1e-9);
        let values: Vec<f64> = (0..144).map(|k| curve.at(f64::from(k) * 1000.0)).collect();
        assert!(values.windows(2).all(|w| w[0] <= w[1]));
    }

    proptest! {
        /// For any prediction, even a contradictory one: finite, positive, between the extremes.
        #[test]
        fn every_curve_is_sane(
            ln in prop::array::uniform3(-5.0..12.0f64),
            t_half in -10.0..1e7f64,
            first in 0.0..1000.0f64,
            length in 1.0..1e6f64,
            share in 0.0..=1.0f64,
        ) {
            let [f_first, f_last, f_max] = ln.map(f64::exp);
            let s = Summaries { f_first, f_last, f_max, t_half };
            let value = Curve::new(s, first, first + length).at(first + share * length);
            let low = f_first.min(f_last);
            let high = f_first.max(f_last).max(f_max);
            let slack = 1e-9 * high;
            prop_assert!(value >= low - slack && value <= high + slack, "{low} {value} {high}");
        }
    }
}
