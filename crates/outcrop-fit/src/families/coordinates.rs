//! The plane of the search: compact coordinates in which both limits of the curve, beta = 0 and
//! tau0 = infinity, are ordinary points of the boundary. In plain logarithms they lie at infinity,
//! where no descent arrives.
//!
//! - w = ln(1 + beta / beta0) with beta0 = 0.1 / T, T being the last step; w = 0 is beta = 0.
//! - z = -ln(1 + T / tau0); z = 0 is tau0 = infinity.
//!
//! Instead of tau0 the basis takes kappa = 1 / (t_c + tau0) with t_c = T / 20, which is finite and
//! regular along the whole of z.

/// The coordinate w of a rate, for series that end at step `last`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateAxis {
    unit: f64,
}

impl RateAxis {
    pub(crate) fn new(last: f64) -> Self {
        Self { unit: 0.1 / last }
    }

    /// The rate at `w`, per step.
    pub(crate) fn rate(self, w: f64) -> f64 {
        self.unit * w.exp_m1()
    }

    /// d rate / d w.
    pub(crate) fn slope(self, w: f64) -> f64 {
        self.unit * w.exp()
    }

    /// The coordinate of a rate.
    pub(crate) fn coordinate(self, rate: f64) -> f64 {
        (rate / self.unit).ln_1p()
    }
}

/// The coordinate z of the offset tau0, for series that end at step `last`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OffsetAxis {
    last: f64,
}

impl OffsetAxis {
    pub(crate) fn new(last: f64) -> Self {
        Self { last }
    }

    /// The centre t_c of the logarithm, in steps.
    pub(crate) fn centre(self) -> f64 {
        self.last / 20.0
    }

    /// tau0 at `z`, in steps; infinite at 0.
    pub(crate) fn tau0(self, z: f64) -> f64 {
        self.last / (0.0 - z).exp_m1() // not -z, which is -0.0 at 0
    }

    /// kappa = 1 / (t_c + tau0) at `z`, per step.
    pub(crate) fn kappa(self, z: f64) -> f64 {
        let inverse = (-z).exp_m1() / self.last;
        inverse / (1.0 + inverse * self.centre())
    }

    /// d kappa / d z.
    pub(crate) fn slope(self, z: f64) -> f64 {
        let inverse = (-z).exp_m1() / self.last;
        let denominator = 1.0 + inverse * self.centre();
        -(-z).exp() / self.last / (denominator * denominator)
    }

    /// The coordinate of an offset.
    pub(crate) fn coordinate(self, tau0: f64) -> f64 {
        -(self.last / tau0).ln_1p()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_axes_go_there_and_back_and_reach_their_limits() {
        let (rate, offset) = (RateAxis::new(143_000.0), OffsetAxis::new(143_000.0));
        for beta in [1e-12, 1e-6, 0.3] {
            let back = rate.rate(rate.coordinate(beta));
            assert!((back / beta - 1.0).abs() < 1e-9);
        }
        for tau0 in [0.01, 1.0, 1e9] {
            let z = offset.coordinate(tau0);
            assert!((offset.tau0(z) / tau0 - 1.0).abs() < 1e-9);
            let kappa = 1.0 / (offset.centre() + tau0);
            assert!((offset.kappa(z) / kappa - 1.0).abs() < 1e-9);
        }
        assert_eq!((rate.rate(0.0), offset.kappa(0.0)), (0.0, 0.0));
        assert_eq!(offset.tau0(0.0), f64::INFINITY);
    }
}
