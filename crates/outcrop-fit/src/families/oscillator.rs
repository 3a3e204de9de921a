//! The step response of a damped oscillator in coordinates that pass through critical damping
//! without a seam.
//!
//! s(t) = 1 - exp(-a t) (C + a S), a = zeta omega, q = omega^2 (zeta^2 - 1),
//! C = cosh(sqrt(q) t), S = sinh(sqrt(q) t) / sqrt(q) (cos and sin where q < 0, t where q = 0).
//! The coordinates are the RateAxis of 1/tau, tau = 2 zeta / omega being the sum of the two time
//! constants, and ln zeta: for large zeta the response becomes 1 - exp(-t / tau).

use super::columns::ones;
use super::coordinates::RateAxis;
use crate::separable::{Bounds, Columns, Separable, Slopes};

/// Smallest damping ratio: an oscillation that fades more slowly would chase the noise between
/// checkpoints.
const MIN_ZETA: f64 = 0.05;
/// Largest damping ratio: beyond it the response is of first order within 1e-4.
const MAX_ZETA: f64 = 100.0;
/// After so many time constants the response is 1 to the last digit.
const SETTLED: f64 = 60.0;

/// Columns 1 and s(t).
#[derive(Clone, Copy, Debug)]
pub(crate) struct OscillatorFamily {
    rate: RateAxis,
    last: f64,
    max_rate: f64,
}

impl OscillatorFamily {
    pub(crate) fn new(last: f64, max_rate: f64) -> Self {
        Self {
            rate: RateAxis::new(last),
            last,
            max_rate,
        }
    }

    /// The oscillator at a point of the plane.
    pub(crate) fn oscillator(&self, p: &[f64; 2]) -> Oscillator {
        let zeta = p[1].exp();
        Oscillator {
            omega: 2.0 * zeta * self.rate.rate(p[0]),
            zeta,
        }
    }
}

impl Separable<2, 2> for OscillatorFamily {
    fn bounds(&self) -> Bounds<2> {
        // a time constant beyond 100 T is a straight line or a parabola
        Bounds {
            lower: [self.rate.coordinate(0.01 / self.last), MIN_ZETA.ln()],
            upper: [self.rate.coordinate(self.max_rate), MAX_ZETA.ln()],
        }
    }

    fn shape(&self, cells: usize) -> [usize; 2] {
        [cells, (cells / 2).max(4)]
    }

    /// Fast oscillations alias between checkpoints, which gives dozens of shallow minima.
    fn starts(&self) -> usize {
        12
    }

    fn evaluate(
        &self,
        steps: &[f64],
        p: &[f64; 2],
        columns: &mut Columns<2>,
        slopes: Option<&mut Slopes<2, 2>>,
    ) {
        let oscillator = self.oscillator(p);
        let by_w = self.rate.slope(p[0]) / self.rate.rate(p[0]);
        ones(steps.len(), &mut columns[0]);
        columns[1].clear();
        let Some([[_, rates], [_, zetas]]) = slopes else {
            columns[1].extend(steps.iter().map(|&t| oscillator.response(t)));
            return;
        };
        rates.clear();
        zetas.clear();
        for &t in steps {
            let [response, by_ln_omega, by_ln_zeta] = oscillator.slopes(t);
            columns[1].push(response);
            // omega = 2 zeta rate: ln zeta moves both
            rates.push(by_ln_omega * by_w);
            zetas.push(by_ln_omega + by_ln_zeta);
        }
    }
}

/// A damped oscillator at rest until it is pushed at t = 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Oscillator {
    /// Natural frequency, per step.
    pub(crate) omega: f64,
    /// Damping ratio.
    pub(crate) zeta: f64,
}

impl Oscillator {
    /// q = omega^2 (zeta^2 - 1), without cancellation near critical damping.
    fn discriminant(&self) -> f64 {
        self.omega * self.omega * (self.zeta - 1.0) * (self.zeta + 1.0)
    }

    /// exp(-a t) times C, S and dS/dq, none of which overflows.
    fn modes(&self, t: f64) -> [f64; 3] {
        let (a, q) = (self.zeta * self.omega, self.discriminant());
        let x = q * t * t;
        if x.abs() < 1e-2 {
            let decay = (-a * t).exp();
            let even = 1.0 + x / 2.0 * (1.0 + x / 12.0 * (1.0 + x / 30.0 * (1.0 + x / 56.0)));
            let odd = 1.0 + x / 6.0 * (1.0 + x / 20.0 * (1.0 + x / 42.0 * (1.0 + x / 72.0)));
            let slope =
                1.0 / 6.0 + x / 60.0 * (1.0 + x / 28.0 * (1.0 + x / 54.0 * (1.0 + x / 88.0)));
            return [decay * even, decay * t * odd, decay * t.powi(3) * slope];
        }
        let root = q.abs().sqrt();
        let slowest = if q < 0.0 {
            a
        } else {
            self.omega * self.omega / (a + root)
        };
        if slowest * t > SETTLED {
            return [0.0; 3];
        }
        let (even, odd) = if q < 0.0 {
            let decay = (-a * t).exp();
            let (sine, cosine) = (root * t).sin_cos();
            (decay * cosine, decay * sine / root)
        } else {
            let slow = (-slowest * t).exp();
            let fast = (-(a + root) * t).exp();
            (
                (slow + fast) / 2.0,
                -slow * (-2.0 * root * t).exp_m1() / (2.0 * root),
            )
        };
        [even, odd, (t * even - odd) / (2.0 * q)]
    }

    /// s(t), from 0 at t = 0 towards 1.
    pub(crate) fn response(&self, t: f64) -> f64 {
        let [even, odd, _] = self.modes(t);
        1.0 - even - self.zeta * self.omega * odd
    }

    /// s(t) and its derivatives by ln omega and by ln zeta.
    fn slopes(&self, t: f64) -> [f64; 3] {
        let (omega, zeta) = (self.omega, self.zeta);
        let a = zeta * omega;
        let [even, odd, by_q] = self.modes(t);
        let by_a = t * (even + a * odd) - odd;
        let by_q = -(t * odd / 2.0 + a * by_q);
        [
            1.0 - even - a * odd,
            // s depends on omega t alone, and s' = omega^2 exp(-a t) S
            t * omega * omega * odd,
            by_a * a + by_q * 2.0 * a * a,
        ]
    }

    /// The first two steps after `first` at which an underdamped response turns.
    pub(crate) fn turns(&self, first: f64) -> Option<[f64; 2]> {
        let q = self.discriminant();
        if q >= 0.0 {
            return None;
        }
        let half_period = std::f64::consts::PI / (-q).sqrt();
        let n = (first / half_period).floor() + 1.0;
        Some([n * half_period, (n + 1.0) * half_period])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STEPS: [f64; 7] = [0.0, 1.0, 30.0, 400.0, 3_000.0, 20_000.0, 100_000.0];

    proptest! {
        #[test]
        fn slopes_are_those_of_the_columns(u in 0.0..1.0f64, zeta in -3.0..4.6f64) {
            let family = OscillatorFamily::new(100_000.0, 10.0);
            let bounds = family.bounds();
            let w = bounds.lower[0] + u * 0.5 * (bounds.upper[0] - bounds.lower[0]);
            crate::separable::check_slopes(&family, [w, zeta], &STEPS);
            crate::separable::check_slopes(&family, [w, 1e-4 * zeta], &STEPS);
        }

        /// s'' / omega^2 + 2 zeta s' / omega + s = 1
        #[test]
        fn the_response_solves_its_equation(omega in 0.01..2.0f64, zeta in 0.05..20.0f64, t in 0.5..20.0f64) {
            let s = Oscillator { omega, zeta };
            let h = 2e-3 / (omega * (1.0 + zeta));
            let (below, at, above) = (s.response(t - h), s.response(t), s.response(t + h));
            let (first, second) = ((above - below) / (2.0 * h), (above - 2.0 * at + below) / (h * h));
            let left = second / omega.powi(2) + 2.0 * zeta * first / omega + at;
            prop_assert!((left - 1.0).abs() < 1e-3, "{left}");
        }
    }

    #[test]
    fn the_three_regimes_have_their_textbook_forms() {
        let (omega, t) = (0.3f64, 7.0f64);
        let critical = Oscillator { omega, zeta: 1.0 };
        let x = omega * t;
        assert!((critical.response(t) - (1.0 - (1.0 + x) * (-x).exp())).abs() < 1e-14);
        let under = Oscillator { omega, zeta: 0.5 };
        let d = x * 0.75f64.sqrt();
        let expected = 1.0 - (-x / 2.0).exp() * (d.cos() + 0.5 / 0.75f64.sqrt() * d.sin());
        assert!((under.response(t) - expected).abs() < 1e-14);
        let over = Oscillator { omega, zeta: 1.25 }; // rates omega / 2 and 2 omega
        let expected = 1.0 - (4.0 * (-x / 2.0).exp() - (-2.0 * x).exp()) / 3.0;
        assert!((over.response(t) - expected).abs() < 1e-14);
    }
}
