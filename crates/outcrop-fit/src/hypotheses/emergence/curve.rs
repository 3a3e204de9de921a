use super::parameters::EmergenceParameters;
use super::peak::critical_point;
use crate::Curve;
use crate::families::{EmergenceFamily, decay_columns, log_column};

/// f(t) = exp(-beta t) (A1 ln(t + tau0) + A2) + K with beta >= 0 and tau0 > 0.
///
/// It is kept in columns that stay regular at beta = 0 and tau0 = infinity, so that its values
/// lose nothing where the parameters run to infinity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EmergenceCurve {
    beta: f64,
    tau0: f64,
    kappa: f64,
    centre: f64,
    coefficients: [f64; 3],
}

impl EmergenceCurve {
    /// The curve at the point `p` of the plane.
    pub(crate) fn new(family: &EmergenceFamily, p: &[f64; 2], coefficients: [f64; 3]) -> Self {
        Self {
            beta: family.rate.rate(p[0]),
            tau0: family.offset.tau0(p[1]),
            kappa: family.offset.kappa(p[1]),
            centre: family.offset.centre(),
            coefficients,
        }
    }

    /// The decay rate, per step; 0 or more, identified or not.
    pub fn beta(&self) -> f64 {
        self.beta
    }

    /// The time offset, in steps; possibly infinite, identified or not.
    pub fn tau0(&self) -> f64 {
        self.tau0
    }

    /// Every parameter that is a finite number, identified or not.
    pub fn finite_parameters(&self) -> EmergenceParameters {
        EmergenceParameters::new(self.beta, self.tau0, self.kappa, &self.coefficients)
    }

    /// The step of the maximum wherever it lies, t_peak = exp(W(1/lambda)) / gamma - tau0 where
    /// A1 > 0. With A1 < 0 the same formula gives a trough, which is no peak.
    pub fn maximum(&self) -> Option<f64> {
        self.turn().filter(|_| self.coefficients[2] > 0.0)
    }

    fn turn(&self) -> Option<f64> {
        let [_, c2, c1] = self.coefficients;
        critical_point(self.beta, self.kappa, self.centre, c1, c2)
    }

    /// exp(-beta t) and (1 - exp(-beta t)) / beta, which curves of equal beta share.
    pub(super) fn decay(&self, t: f64) -> [f64; 2] {
        let [decay, ramp, _] = decay_columns(t, self.beta);
        [decay, ramp]
    }

    /// ln(1 + kappa (t - t_c)) / kappa, which curves of equal tau0 share.
    pub(super) fn logarithm(&self, t: f64) -> f64 {
        log_column(t, self.centre, self.kappa, self.tau0).0
    }

    /// The value, given both.
    pub(super) fn combine(&self, [decay, ramp]: [f64; 2], logarithm: f64) -> f64 {
        let [c0, c2, c1] = self.coefficients;
        c0 + c1 * decay * logarithm + c2 * ramp
    }

    /// The derivatives of f(t) by A1, A2, K, beta and tau0.
    pub(super) fn gradient(&self, t: f64) -> [f64; 5] {
        let [_, ramp, log] = self.coefficients;
        let a1 = log / self.kappa;
        let decay = (-self.beta * t).exp();
        let log_term = (t + self.tau0).ln();
        // A1 ln(t + tau0) + A2 = A1 ln(kappa (t + tau0)) - ramp / beta
        let inner = a1 * (self.kappa * (t + self.tau0)).ln() - ramp / self.beta;
        [
            decay * log_term,
            decay,
            1.0,
            -t * decay * inner,
            decay * a1 / (t + self.tau0),
        ]
    }
}

impl Curve for EmergenceCurve {
    fn value(&self, t: f64) -> f64 {
        self.combine(self.decay(t), self.logarithm(t))
    }

    fn turns(&self, first: f64, last: f64) -> Vec<f64> {
        let inside = |&t: &f64| first < t && t < last;
        self.turn().filter(inside).into_iter().collect()
    }

    fn parameters(&self) -> Vec<(&'static str, Option<f64>)> {
        self.finite_parameters().named().to_vec()
    }
}
