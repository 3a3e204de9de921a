//! The columns in which the curves are linear, regular at beta = 0 and at tau0 = infinity, where
//! the textbook columns exp(-beta t) ln(t + tau0), exp(-beta t) and 1 run into each other and
//! their coefficients to plus and minus infinity.

use crate::coordinates::{Bounds, OffsetAxis, RateAxis};

/// Columns at one step, and their derivatives by the two coordinates.
pub(crate) type Row = [f64; 3];
/// `slopes[m][j]` is the derivative of column j by coordinate m.
pub(crate) type Slopes = [[f64; 3]; 2];

/// A family of curves that is linear in at most three coefficients once two coordinates (u, v)
/// are given. Its columns are 1, `lead`, and `factor` times `last`, where `lead` and `factor` depend
/// on u alone, so that a grid computes them once a line. A column that is not used is 0.
pub(crate) trait Family {
    /// Where the coordinates lie.
    fn bounds(&self) -> Bounds;
    /// How many local minima of the grid are polished, the lowest first: all, unless the family
    /// has spurious ones in number.
    fn starts(&self) -> usize {
        usize::MAX
    }
    /// Fills `leads` with [lead, factor] at each of `steps`.
    fn leads(&self, steps: &[f64], u: f64, leads: &mut Vec<[f64; 2]>);
    /// Fills `lasts` with `last` at each of `steps`.
    fn lasts(&self, steps: &[f64], p: &[f64; 2], lasts: &mut Vec<f64>);
    /// Fills `slopes` with the derivatives of the columns at each of `steps`.
    fn slopes(&self, steps: &[f64], p: &[f64; 2], slopes: &mut Vec<Slopes>);
    /// Fills `rows` with the columns at each of `steps`.
    fn columns(&self, steps: &[f64], p: &[f64; 2], rows: &mut Vec<Row>) {
        let (mut leads, mut lasts) = (Vec::new(), Vec::new());
        self.leads(steps, p[0], &mut leads);
        self.lasts(steps, p, &mut lasts);
        let pairs = leads.iter().zip(&lasts);
        rows.clear();
        rows.extend(pairs.map(|([lead, factor], last)| [1.0, *lead, factor * last]));
    }
}

/// ln(1 + kappa (t - t_c)) / kappa and its derivative by kappa.
pub(crate) fn log_column(t: f64, centre: f64, kappa: f64, tau0: f64) -> (f64, f64) {
    let h = t - centre;
    let x = kappa * h;
    if x.abs() < 1e-4 {
        let value = h * (1.0 - x * (1.0 / 2.0 - x * (1.0 / 3.0 - x / 4.0)));
        let slope = -h * h * (1.0 / 2.0 - x * (2.0 / 3.0 - x * (3.0 / 4.0 - x * 4.0 / 5.0)));
        return (value, slope);
    }
    // 1 + x = kappa (t + tau0); near -1 the sum would cancel
    let above = if x < -0.5 {
        kappa * (t + tau0)
    } else {
        1.0 + x
    };
    let log = if x < -0.5 { above.ln() } else { x.ln_1p() };
    let value = log / kappa;
    (value, (h / above - value) / kappa)
}

/// (1 - exp(-beta t)) / beta and its derivative by beta.
pub(crate) fn ramp_column(t: f64, beta: f64) -> (f64, f64) {
    let x = beta * t;
    let value = if x < 1e-8 {
        t * (1.0 - x / 2.0)
    } else {
        -(-x).exp_m1() / beta
    };
    let slope = if x < 1e-3 {
        -t * t * (1.0 / 2.0 - x * (1.0 / 3.0 - x * (1.0 / 8.0 - x / 30.0)))
    } else {
        (t * (-x).exp() - value) / beta
    };
    (value, slope)
}

/// exp(-beta t) (A1 ln(t + tau0) + A2) + K in the columns 1, (1 - exp(-beta t)) / beta and
/// exp(-beta t) ln(1 + kappa (t - t_c)) / kappa.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EmergenceFamily {
    pub(crate) rate: RateAxis,
    pub(crate) offset: OffsetAxis,
    max_beta: f64,
    min_tau0: f64,
}

impl EmergenceFamily {
    pub(crate) fn new(last: f64, max_beta: f64, min_tau0: f64) -> Self {
        Self {
            rate: RateAxis::new(last),
            offset: OffsetAxis::new(last),
            max_beta,
            min_tau0,
        }
    }
}

impl Family for EmergenceFamily {
    fn bounds(&self) -> Bounds {
        Bounds {
            lower: [0.0, self.offset.coordinate(self.min_tau0)],
            upper: [self.rate.coordinate(self.max_beta), 0.0],
        }
    }

    fn leads(&self, steps: &[f64], u: f64, leads: &mut Vec<[f64; 2]>) {
        let beta = self.rate.rate(u);
        let lead = |&t: &f64| [ramp_column(t, beta).0, (-beta * t).exp()];
        leads.clear();
        leads.extend(steps.iter().map(lead));
    }

    fn lasts(&self, steps: &[f64], p: &[f64; 2], lasts: &mut Vec<f64>) {
        let (kappa, tau0) = (self.offset.kappa(p[1]), self.offset.tau0(p[1]));
        let centre = self.offset.centre();
        lasts.clear();
        lasts.extend(steps.iter().map(|&t| log_column(t, centre, kappa, tau0).0));
    }

    fn slopes(&self, steps: &[f64], p: &[f64; 2], slopes: &mut Vec<Slopes>) {
        let (beta, kappa) = (self.rate.rate(p[0]), self.offset.kappa(p[1]));
        let (tau0, centre) = (self.offset.tau0(p[1]), self.offset.centre());
        let (by_w, by_z) = (self.rate.slope(p[0]), self.offset.slope(p[1]));
        slopes.clear();
        slopes.extend(steps.iter().map(|&t| {
            let (log, by_kappa) = log_column(t, centre, kappa, tau0);
            let decay = (-beta * t).exp();
            [
                [0.0, ramp_column(t, beta).1 * by_w, -t * decay * log * by_w],
                [0.0, 0.0, decay * by_kappa * by_z],
            ]
        }));
    }
}

/// One exponential, c + K (1 - exp(-t / tau)), in the columns 1 and (1 - exp(-beta t)) / beta with
/// beta = 1 / tau. It is the emergence curve without its logarithm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExponentialFamily {
    pub(crate) rate: RateAxis,
    max_beta: f64,
}

impl ExponentialFamily {
    pub(crate) fn new(last: f64, max_beta: f64) -> Self {
        Self {
            rate: RateAxis::new(last),
            max_beta,
        }
    }
}

impl Family for ExponentialFamily {
    fn bounds(&self) -> Bounds {
        Bounds {
            lower: [0.0, 0.0],
            upper: [self.rate.coordinate(self.max_beta), 0.0],
        }
    }

    fn leads(&self, steps: &[f64], u: f64, leads: &mut Vec<[f64; 2]>) {
        let beta = self.rate.rate(u);
        leads.clear();
        leads.extend(steps.iter().map(|&t| [ramp_column(t, beta).0, 0.0]));
    }

    fn lasts(&self, steps: &[f64], _: &[f64; 2], lasts: &mut Vec<f64>) {
        lasts.clear();
        lasts.resize(steps.len(), 0.0);
    }

    fn slopes(&self, steps: &[f64], p: &[f64; 2], slopes: &mut Vec<Slopes>) {
        let (beta, by_w) = (self.rate.rate(p[0]), self.rate.slope(p[0]));
        slopes.clear();
        slopes.extend(steps.iter().map(|&t| {
            let by_w = ramp_column(t, beta).1 * by_w;
            [[0.0, by_w, 0.0], [0.0; 3]]
        }));
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Compares the derivatives of a family with central differences.
    pub(crate) fn check_slopes(family: &impl Family, p: [f64; 2], steps: &[f64]) {
        let mut slopes = Vec::new();
        family.slopes(steps, &p, &mut slopes);
        for m in 0..2 {
            let bounds = family.bounds();
            if bounds.lower[m] == bounds.upper[m] {
                continue;
            }
            let h = 1e-5;
            let (mut up, mut down) = (p, p);
            up[m] += h;
            down[m] -= h;
            let (mut above, mut below) = (Vec::new(), Vec::new());
            family.columns(steps, &up, &mut above);
            family.columns(steps, &down, &mut below);
            for j in 0..3 {
                let size = above.iter().map(|r| r[j].abs()).fold(0.0, f64::max);
                for i in 0..steps.len() {
                    let numeric = (above[i][j] - below[i][j]) / (2.0 * h);
                    let error = (slopes[i][m][j] - numeric).abs();
                    assert!(
                        error <= 1e-7 * (size + numeric.abs()) + 1e-10,
                        "column {j} by coordinate {m} at {p:?}, t = {}: {} against {numeric}",
                        steps[i],
                        slopes[i][m][j]
                    );
                }
            }
        }
    }

    const STEPS: [f64; 8] = [0.0, 1.0, 16.0, 512.0, 7_000.0, 7_150.0, 60_000.0, 143_000.0];

    proptest! {
        #[test]
        fn slopes_are_those_of_the_columns(u in 0.0..1.0f64, v in 0.0..1.0f64) {
            let family = EmergenceFamily::new(143_000.0, 10.0, 0.01);
            let bounds = family.bounds();
            let p = [
                1e-4 + u * (bounds.upper[0] - 2e-4),
                bounds.lower[1] * v - 1e-4,
            ];
            check_slopes(&family, p, &STEPS);
            check_slopes(&ExponentialFamily::new(143_000.0, 10.0), [p[0], 0.0], &STEPS);
        }
    }

    #[test]
    fn columns_are_the_closed_forms_and_their_limits() {
        let (value, slope) = ramp_column(30.0, 0.02);
        assert!((value - (1.0 - (-0.6f64).exp()) / 0.02).abs() < 1e-12);
        assert!((slope - (30.0 * (-0.6f64).exp() - value) / 0.02).abs() < 1e-9);
        assert_eq!(ramp_column(30.0, 0.0), (30.0, -450.0));
        let (value, _) = log_column(90.0, 10.0, 1.0 / 60.0, 50.0);
        assert!((value - 60.0 * (140.0f64 / 60.0).ln()).abs() < 1e-12);
        assert_eq!(log_column(90.0, 10.0, 0.0, f64::INFINITY), (80.0, -3_200.0));
    }
}
