//! exp(-beta t) (A1 ln(t + tau0) + A2) + K and its two limits, as families of columns.

use super::columns::{decay_columns, fill, log_column, ones};
use super::coordinates::{OffsetAxis, RateAxis};
use crate::separable::{Bounds, Columns, Separable, Slopes};

/// The emergence curve in the columns 1, (1 - exp(-beta t)) / beta and
/// exp(-beta t) ln(1 + kappa (t - t_c)) / kappa, over the coordinates (w, z).
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

impl Separable<2, 3> for EmergenceFamily {
    fn bounds(&self) -> Bounds<2> {
        Bounds {
            lower: [0.0, self.offset.coordinate(self.min_tau0)],
            upper: [self.rate.coordinate(self.max_beta), 0.0],
        }
    }

    fn evaluate(
        &self,
        steps: &[f64],
        p: &[f64; 2],
        columns: &mut Columns<3>,
        slopes: Option<&mut Slopes<2, 3>>,
    ) {
        let (beta, kappa) = (self.rate.rate(p[0]), self.offset.kappa(p[1]));
        let (tau0, centre) = (self.offset.tau0(p[1]), self.offset.centre());
        let (by_w, by_z) = (self.rate.slope(p[0]), self.offset.slope(p[1]));
        ones(steps.len(), &mut columns[0]);
        columns[1..].iter_mut().for_each(Vec::clear);
        let Some([rates, offsets]) = slopes else {
            for &t in steps {
                let [decay, ramp, _] = decay_columns(t, beta);
                columns[1].push(ramp);
                columns[2].push(decay * log_column(t, centre, kappa, tau0).0);
            }
            return;
        };
        rates.iter_mut().for_each(Vec::clear);
        offsets.iter_mut().for_each(Vec::clear);
        for &t in steps {
            let [decay, ramp, by_beta] = decay_columns(t, beta);
            let (log, by_kappa) = log_column(t, centre, kappa, tau0);
            columns[1].push(ramp);
            columns[2].push(decay * log);
            rates[1].push(by_beta * by_w);
            rates[2].push(-t * decay * log * by_w);
            offsets[2].push(decay * by_kappa * by_z);
        }
    }

    /// The logarithms depend on z alone and the exponentials on w alone.
    fn sweep(
        &self,
        steps: &[f64],
        axes: &[Vec<f64>; 2],
        visit: &mut dyn FnMut(usize, &Columns<3>),
    ) {
        let centre = self.offset.centre();
        let logs: Vec<Vec<f64>> = axes[1]
            .iter()
            .map(|&z| {
                let (kappa, tau0) = (self.offset.kappa(z), self.offset.tau0(z));
                let log = |&t: &f64| log_column(t, centre, kappa, tau0).0;
                steps.iter().map(log).collect()
            })
            .collect();
        let mut columns = [vec![1.0; steps.len()], Vec::new(), Vec::new()];
        let (mut decays, mut unchanged) = (Vec::new(), 0);
        for &w in &axes[0] {
            let beta = self.rate.rate(w);
            decays.clear();
            fill(steps, &mut columns[1], |t| {
                let [decay, ramp, _] = decay_columns(t, beta);
                decays.push(decay);
                ramp
            });
            for logs in &logs {
                columns[2].clear();
                columns[2].extend(logs.iter().zip(&decays).map(|(l, d)| l * d));
                visit(unchanged, &columns);
                unchanged = 2;
            }
            unchanged = 1;
        }
    }
}

/// The limit beta = 0: A1 ln(t + tau0) + K, in the columns 1 and ln(1 + kappa (t - t_c)) / kappa.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogarithmFamily {
    pub(crate) offset: OffsetAxis,
    min_tau0: f64,
}

impl LogarithmFamily {
    pub(crate) fn new(last: f64, min_tau0: f64) -> Self {
        Self {
            offset: OffsetAxis::new(last),
            min_tau0,
        }
    }
}

impl Separable<1, 2> for LogarithmFamily {
    fn bounds(&self) -> Bounds<1> {
        Bounds {
            lower: [self.offset.coordinate(self.min_tau0)],
            upper: [0.0],
        }
    }

    fn evaluate(
        &self,
        steps: &[f64],
        p: &[f64; 1],
        columns: &mut Columns<2>,
        slopes: Option<&mut Slopes<1, 2>>,
    ) {
        let (kappa, tau0) = (self.offset.kappa(p[0]), self.offset.tau0(p[0]));
        let (centre, by_z) = (self.offset.centre(), self.offset.slope(p[0]));
        let log = |t| log_column(t, centre, kappa, tau0);
        ones(steps.len(), &mut columns[0]);
        fill(steps, &mut columns[1], |t| log(t).0);
        if let Some([[_, by]]) = slopes {
            fill(steps, by, |t| log(t).1 * by_z);
        }
    }
}

/// The limit tau0 = infinity: exp(-beta t) (a + b t) + c, in the columns 1,
/// (1 - exp(-beta t)) / beta and exp(-beta t) (t - t_c).
#[derive(Clone, Copy, Debug)]
pub(crate) struct CriticalFamily {
    pub(crate) rate: RateAxis,
    centre: f64,
    max_beta: f64,
}

impl CriticalFamily {
    pub(crate) fn new(last: f64, max_beta: f64) -> Self {
        Self {
            rate: RateAxis::new(last),
            centre: OffsetAxis::new(last).centre(),
            max_beta,
        }
    }

    pub(crate) fn centre(&self) -> f64 {
        self.centre
    }
}

impl Separable<1, 3> for CriticalFamily {
    fn bounds(&self) -> Bounds<1> {
        Bounds {
            lower: [0.0],
            upper: [self.rate.coordinate(self.max_beta)],
        }
    }

    fn evaluate(
        &self,
        steps: &[f64],
        p: &[f64; 1],
        columns: &mut Columns<3>,
        slopes: Option<&mut Slopes<1, 3>>,
    ) {
        let (beta, by_w) = (self.rate.rate(p[0]), self.rate.slope(p[0]));
        ones(steps.len(), &mut columns[0]);
        fill(steps, &mut columns[1], |t| decay_columns(t, beta)[1]);
        fill(steps, &mut columns[2], |t| {
            decay_columns(t, beta)[0] * (t - self.centre)
        });
        if let Some([[_, ramp, line]]) = slopes {
            fill(steps, ramp, |t| decay_columns(t, beta)[2] * by_w);
            fill(steps, line, |t| {
                -t * decay_columns(t, beta)[0] * (t - self.centre) * by_w
            });
        }
    }
}

/// One exponential, c + K (1 - exp(-t / tau)), in the columns 1 and (1 - exp(-beta t)) / beta with
/// beta = 1 / tau: the emergence curve without its logarithm.
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

impl Separable<1, 2> for ExponentialFamily {
    fn bounds(&self) -> Bounds<1> {
        Bounds {
            lower: [0.0],
            upper: [self.rate.coordinate(self.max_beta)],
        }
    }

    fn evaluate(
        &self,
        steps: &[f64],
        p: &[f64; 1],
        columns: &mut Columns<2>,
        slopes: Option<&mut Slopes<1, 2>>,
    ) {
        let (beta, by_w) = (self.rate.rate(p[0]), self.rate.slope(p[0]));
        ones(steps.len(), &mut columns[0]);
        fill(steps, &mut columns[1], |t| decay_columns(t, beta)[1]);
        if let Some([[_, by]]) = slopes {
            fill(steps, by, |t| decay_columns(t, beta)[2] * by_w);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::separable::check_slopes;
    use proptest::prelude::*;

    const STEPS: [f64; 8] = [0.0, 1.0, 16.0, 512.0, 7_000.0, 7_150.0, 60_000.0, 143_000.0];

    proptest! {
        #[test]
        fn slopes_are_those_of_the_columns(u in 0.0..1.0f64, v in 0.0..1.0f64) {
            let family = EmergenceFamily::new(143_000.0, 10.0, 0.01);
            let bounds = family.bounds();
            let w = 1e-4 + u * (bounds.upper[0] - 2e-4);
            let z = bounds.lower[1] * v - 1e-4;
            check_slopes(&family, [w, z], &STEPS);
            check_slopes(&LogarithmFamily::new(143_000.0, 0.01), [z], &STEPS);
            check_slopes(&CriticalFamily::new(143_000.0, 10.0), [w], &STEPS);
            check_slopes(&ExponentialFamily::new(143_000.0, 10.0), [w], &STEPS);
        }
    }
}
