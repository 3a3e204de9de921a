//! The two forms over normalised data: values, derivatives, starts, bounds and the inverse transform.

use nalgebra::{DMatrix, DVector};

use super::bounds::Bounds;
use super::curve::{PaperCurve, original, reparametrised};
use super::reflective::Problem;
use crate::Series;

/// Parameters of either form.
pub(super) const PARAMETERS: usize = 5;

/// A range of values below this is divided by as if it were this.
const SMALLEST_RANGE: f64 = 1e-12;

/// A series with t divided by its maximum, and y shifted by its minimum and divided by its range.
pub(super) struct Normalised {
    pub(super) steps: Vec<f64>,
    pub(super) values: Vec<f64>,
    /// The last step.
    pub(super) last: f64,
    /// The smallest value.
    pub(super) value_min: f64,
    /// The range of the values.
    pub(super) value_range: f64,
}

impl Normalised {
    pub(super) fn new(series: &Series) -> Self {
        let last = max(series.steps());
        let value_min = min(series.values());
        let value_range = (max(series.values()) - value_min).max(SMALLEST_RANGE);
        let scaled = |y: &f64| (y - value_min) / value_range;
        Self {
            steps: series.steps().iter().map(|t| t / last).collect(),
            values: series.values().iter().map(scaled).collect(),
            last,
            value_min,
            value_range,
        }
    }

    /// SST, the sum of squares about the mean.
    pub(super) fn total(&self) -> f64 {
        variance(&self.values) * self.values.len() as f64
    }

    /// The paper's start in the original form: A, lambda, gamma, t0, K.
    fn start(&self) -> [f64; PARAMETERS] {
        let a = max(&self.values) - min(&self.values);
        let lambda = 1.0 / variance(&self.steps).sqrt();
        let gamma = 1.0 / (max(&self.steps) - min(&self.steps));
        [a, lambda, gamma, 1.0, min(&self.values) + a / 2.0]
    }
}

/// One form of the curve, in normalised units.
pub(super) trait Form {
    /// Value at `t`.
    fn value(&self, p: &[f64; PARAMETERS], t: f64) -> f64;

    /// Derivatives of the value at `t` by each parameter.
    fn derivatives(&self, p: &[f64; PARAMETERS], t: f64) -> [f64; PARAMETERS];

    /// Where the paper starts.
    fn start(&self, data: &Normalised) -> [f64; PARAMETERS];

    /// The parameter that is at least 0.
    fn bounds(&self) -> Bounds;

    /// The curve in steps and in units of the values.
    fn curve(&self, p: &[f64], data: &Normalised) -> PaperCurve;
}

pub(super) struct Original;

impl Form for Original {
    fn value(&self, p: &[f64; PARAMETERS], t: f64) -> f64 {
        original(p, t)
    }

    fn derivatives(&self, p: &[f64; PARAMETERS], t: f64) -> [f64; PARAMETERS] {
        let &[a, lambda, gamma, t0, _] = p;
        let x = gamma * t + t0;
        let (decay, log) = ((-lambda * x).exp(), x.ln());
        let by_x = a * decay * (1.0 / x - lambda * log);
        [decay * log, -a * x * decay * log, by_x * t, by_x, 1.0]
    }

    fn start(&self, data: &Normalised) -> [f64; PARAMETERS] {
        data.start()
    }

    fn bounds(&self) -> Bounds {
        Bounds::at_least_zero(PARAMETERS, 1)
    }

    fn curve(&self, p: &[f64], data: &Normalised) -> PaperCurve {
        PaperCurve::Original {
            a: p[0] * data.value_range,
            lambda: p[1],
            gamma: p[2] / data.last,
            t0: p[3],
            k: p[4] * data.value_range + data.value_min,
        }
    }
}

pub(super) struct Reparametrised;

impl Form for Reparametrised {
    fn value(&self, p: &[f64; PARAMETERS], t: f64) -> f64 {
        reparametrised(p, t)
    }

    fn derivatives(&self, p: &[f64; PARAMETERS], t: f64) -> [f64; PARAMETERS] {
        let &[a1, a2, beta, tau0, _] = p;
        let (decay, log) = ((-beta * t).exp(), (t + tau0).ln());
        let by_beta = -t * decay * (a1 * log + a2);
        [decay * log, decay, by_beta, decay * a1 / (t + tau0), 1.0]
    }

    fn start(&self, data: &Normalised) -> [f64; PARAMETERS] {
        let [a, lambda, gamma, t0, k] = data.start();
        let a1 = a * (-lambda * t0).exp();
        [a1, a1 * gamma.ln(), lambda * gamma, t0 / gamma, k]
    }

    fn bounds(&self) -> Bounds {
        Bounds::at_least_zero(PARAMETERS, 2)
    }

    fn curve(&self, p: &[f64], data: &Normalised) -> PaperCurve {
        PaperCurve::Reparametrised {
            a1: p[0] * data.value_range,
            // ln(t / T + tau0 / T) = ln(t + tau0) - ln T
            a2: (p[1] - p[0] * data.last.ln()) * data.value_range,
            beta: p[2] / data.last,
            tau0: p[3] * data.last,
            k: p[4] * data.value_range + data.value_min,
        }
    }
}

/// A form less the data.
pub(super) struct Residuals<'a, F> {
    pub(super) form: &'a F,
    pub(super) data: &'a Normalised,
}

impl<F: Form> Problem for Residuals<'_, F> {
    fn residuals(&self, x: &DVector<f64>) -> DVector<f64> {
        let p = parameters(x);
        let points = self.data.steps.iter().zip(&self.data.values);
        let residuals = points.map(|(&t, y)| self.form.value(&p, t) - y);
        DVector::from_iterator(self.data.steps.len(), residuals)
    }

    fn jacobian(&self, x: &DVector<f64>) -> DMatrix<f64> {
        let p = parameters(x);
        let steps = self.data.steps.iter();
        let rows = steps.flat_map(|&t| self.form.derivatives(&p, t));
        DMatrix::from_row_iterator(self.data.steps.len(), PARAMETERS, rows)
    }
}

fn parameters(x: &DVector<f64>) -> [f64; PARAMETERS] {
    std::array::from_fn(|i| x[i])
}

fn max(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn min(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// The population's variance.
fn variance(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n
}
