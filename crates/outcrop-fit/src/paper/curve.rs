/// A fitted curve with its parameters, in steps and in units of the values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PaperCurve {
    /// Eq. 9: f(t) = A exp(-lambda x) ln(x) + K with x = gamma t + t0.
    Original {
        /// A, the amplitude.
        a: f64,
        /// lambda, the decay rate in x; above 0.
        lambda: f64,
        /// gamma, the scale of time, per step.
        gamma: f64,
        /// t0, the offset of time in x.
        t0: f64,
        /// K, the asymptote.
        k: f64,
    },
    /// f(t) = exp(-beta t) (A1 ln(t + tau0) + A2) + K.
    Reparametrised {
        /// A1, the amplitude of the logarithm.
        a1: f64,
        /// A2, the amplitude of the exponential.
        a2: f64,
        /// beta, the decay rate per step; above 0.
        beta: f64,
        /// tau0, the offset of time, steps.
        tau0: f64,
        /// K, the asymptote.
        k: f64,
    },
}

impl PaperCurve {
    /// The curve at step `t`, in units of the values; not a number where the logarithm is none.
    ///
    /// ```
    /// use outcrop_fit::paper::PaperCurve;
    ///
    /// let (a, lambda, gamma, t0, k) = (3.0, 0.5, 0.1, 2.0, 1.0);
    /// let curve = PaperCurve::Original { a, lambda, gamma, t0, k };
    /// assert_eq!(curve.value(10.0), 3.0 * (-1.5f64).exp() * 3f64.ln() + 1.0);
    /// ```
    pub fn value(&self, t: f64) -> f64 {
        match *self {
            Self::Original {
                a,
                lambda,
                gamma,
                t0,
                k,
            } => original(&[a, lambda, gamma, t0, k], t),
            Self::Reparametrised {
                a1,
                a2,
                beta,
                tau0,
                k,
            } => reparametrised(&[a1, a2, beta, tau0, k], t),
        }
    }

    /// The parameters by symbol.
    pub fn parameters(&self) -> [(&'static str, Option<f64>); 5] {
        let named = match *self {
            Self::Original {
                a,
                lambda,
                gamma,
                t0,
                k,
            } => [
                ("A", a),
                ("lambda", lambda),
                ("gamma", gamma),
                ("t0", t0),
                ("K", k),
            ],
            Self::Reparametrised {
                a1,
                a2,
                beta,
                tau0,
                k,
            } => [
                ("A1", a1),
                ("A2", a2),
                ("beta", beta),
                ("tau0", tau0),
                ("K", k),
            ],
        };
        named.map(|(symbol, value)| (symbol, Some(value)))
    }
}

/// Eq. 9 with the parameters A, lambda, gamma, t0, K.
pub(super) fn original(&[a, lambda, gamma, t0, k]: &[f64; 5], t: f64) -> f64 {
    let x = gamma * t + t0;
    a * (-lambda * x).exp() * x.ln() + k
}

/// The reparametrised form with the parameters A1, A2, beta, tau0, K.
pub(super) fn reparametrised(&[a1, a2, beta, tau0, k]: &[f64; 5], t: f64) -> f64 {
    (-beta * t).exp() * (a1 * (t + tau0).ln() + a2) + k
}
