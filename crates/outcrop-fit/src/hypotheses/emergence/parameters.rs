use super::note::Note;

/// The parameters of the emergence curve, in the paper's form
/// f(t) = A exp(-lambda x) ln(x) + K, x = gamma t + t0 (its Eq. 9), and in the reparametrised one
/// f(t) = exp(-beta t) (A1 ln(t + tau0) + A2) + K. Empty where the data do not identify them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EmergenceParameters {
    /// Amplitude A = A1 exp(beta tau0), in units of the values.
    pub a: Option<f64>,
    /// Decay rate lambda = beta / gamma, at least 0, without unit.
    pub lambda: Option<f64>,
    /// Time scaling gamma = exp(A2 / A1), per step.
    pub gamma: Option<f64>,
    /// Time offset t0 = gamma tau0, without unit.
    pub t0: Option<f64>,
    /// Asymptote K, in units of the values.
    pub k: Option<f64>,
    /// Decay rate beta, at least 0, per step.
    pub beta: Option<f64>,
    /// Time offset tau0, above 0, in steps.
    pub tau0: Option<f64>,
    /// Logarithmic amplitude A1, in units of the values.
    pub a1: Option<f64>,
    /// Constant amplitude A2 = A1 ln(gamma), in units of the values.
    pub a2: Option<f64>,
}

impl EmergenceParameters {
    /// From the coefficients of the regular columns at (beta, kappa = 1 / (t_c + tau0)).
    pub(crate) fn new(beta: f64, tau0: f64, kappa: f64, coefficients: &[f64; 3]) -> Self {
        let [constant, ramp, log] = coefficients;
        let a1 = log / kappa;
        let a2 = a1 * kappa.ln() - ramp / beta;
        // A2 / A1, without the product and the quotient that cancel
        let log_gamma = kappa.ln() - ramp / log * kappa / beta;
        let gamma = log_gamma.exp();
        Self {
            a: finite(a1 * (beta * tau0).exp()),
            lambda: finite((beta.ln() - log_gamma).exp()),
            gamma: finite(gamma).filter(|&g| g > 0.0),
            t0: finite((tau0.ln() + log_gamma).exp()),
            k: finite(constant + ramp / beta),
            beta: finite(beta),
            tau0: finite(tau0),
            a1: finite(a1),
            a2: finite(a2),
        }
        .complete()
    }

    /// Eq. 9 needs gamma, lambda and t0 together: without one the others mean nothing.
    fn complete(mut self) -> Self {
        if self.gamma.is_none() || self.lambda.is_none() || self.t0.is_none() {
            (self.gamma, self.lambda, self.t0) = (None, None, None);
        }
        self
    }

    /// The parameters that are identified according to `notes`.
    pub(super) fn identified(mut self, notes: &[Note]) -> Self {
        let has = |note| notes.contains(&note);
        if has(Note::Flat) {
            return Self::default();
        }
        if has(Note::Decay) {
            self = Self {
                a: self.a,
                tau0: self.tau0,
                a1: self.a1,
                ..Self::default()
            };
        }
        if has(Note::Logarithm) || has(Note::Offset) {
            self = Self {
                beta: self.beta,
                k: self.k,
                ..Self::default()
            };
        }
        self
    }

    /// The parameters by symbol.
    pub fn named(&self) -> [(&'static str, Option<f64>); 9] {
        [
            ("A", self.a),
            ("lambda", self.lambda),
            ("gamma", self.gamma),
            ("t0", self.t0),
            ("K", self.k),
            ("beta", self.beta),
            ("tau0", self.tau0),
            ("A1", self.a1),
            ("A2", self.a2),
        ]
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
