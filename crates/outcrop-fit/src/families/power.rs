//! K + span (1 + t / tau0)^p in the columns 1 and ((1 + kappa (t - t_c))^p - 1) / (p kappa), which is the logarithm at p = 0
//! (Box and Cox, 1964) and a straight line at p = 1 and at tau0 = infinity.

use super::columns::{fill, log_column, ones};
use super::coordinates::OffsetAxis;
use crate::separable::{Bounds, Columns, Separable, Slopes};

/// The least exponent: what falls faster cannot be told from an exponential.
const LEAST: f64 = -4.0;
/// The largest.
const LARGEST: f64 = 3.0;

/// Columns 1 and the power over the coordinates p and z.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PowerFamily {
    pub(crate) offset: OffsetAxis,
    min_tau0: f64,
}

/// The exponents that are searched.
pub(crate) const EXPONENTS: [f64; 2] = [LEAST, LARGEST];

impl PowerFamily {
    pub(crate) fn new(last: f64, min_tau0: f64) -> Self {
        Self {
            offset: OffsetAxis::new(last),
            min_tau0,
        }
    }

    /// The column and its derivatives by p and kappa at a step, for this p and z.
    pub(crate) fn power(&self, t: f64, p: &[f64; 2]) -> [f64; 3] {
        let (kappa, tau0) = (self.offset.kappa(p[1]), self.offset.tau0(p[1]));
        let (log, by_kappa) = log_column(t, self.offset.centre(), kappa, tau0);
        // with y = p ln(1 + kappa (t - t_c)) the column is log (e^y - 1) / y
        let y = p[0] * kappa * log;
        let [share, slope] = growth(y);
        // d/dp = log slope(y) dy/dp; d/dkappa = (d log) share + log slope(y) p (log + kappa d log)
        [
            log * share,
            log * slope * kappa * log,
            by_kappa * share + log * slope * p[0] * (log + kappa * by_kappa),
        ]
    }
}

/// (e^y - 1) / y and its derivative.
fn growth(y: f64) -> [f64; 2] {
    if y.abs() < 1e-3 {
        let value = 1.0 + y / 2.0 * (1.0 + y / 3.0 * (1.0 + y / 4.0));
        let slope = 1.0 / 2.0 + y * (1.0 / 3.0 + y * (1.0 / 8.0 + y / 30.0));
        return [value, slope];
    }
    let value = y.exp_m1() / y;
    [value, (y.exp() - value) / y]
}

impl Separable<2, 2> for PowerFamily {
    fn bounds(&self) -> Bounds<2> {
        Bounds {
            lower: [LEAST, self.offset.coordinate(self.min_tau0)],
            upper: [LARGEST, 0.0],
        }
    }

    fn evaluate(
        &self,
        steps: &[f64],
        p: &[f64; 2],
        columns: &mut Columns<2>,
        slopes: Option<&mut Slopes<2, 2>>,
    ) {
        ones(steps.len(), &mut columns[0]);
        fill(steps, &mut columns[1], |t| self.power(t, p)[0]);
        if let Some([[_, by_p], [_, by_z]]) = slopes {
            let by_kappa = self.offset.slope(p[1]);
            fill(steps, by_p, |t| self.power(t, p)[1]);
            fill(steps, by_z, |t| self.power(t, p)[2] * by_kappa);
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
        fn slopes_are_those_of_the_columns(exponent in LEAST..LARGEST, v in 0.0..1.0f64) {
            let family = PowerFamily::new(143_000.0, 1.0);
            let z = family.bounds().lower[1] * v - 1e-4;
            check_slopes(&family, [exponent, z], &STEPS);
            check_slopes(&family, [1e-4 * exponent, z], &STEPS);
        }
    }

    #[test]
    fn the_column_is_the_power_and_its_limits() {
        let family = PowerFamily::new(2_000.0, 1.0);
        let z = family.offset.coordinate(50.0);
        let (kappa, centre) = (family.offset.kappa(z), family.offset.centre());
        for exponent in [-2.0, -0.3, 0.5, 2.0] {
            let expected =
                ((1.0 + kappa * (700.0 - centre)).powf(exponent) - 1.0) / (exponent * kappa);
            let [column, ..] = family.power(700.0, &[exponent, z]);
            assert!((column / expected - 1.0).abs() < 1e-12);
        }
        let [log, ..] = family.power(700.0, &[0.0, z]);
        assert_eq!(log, log_column(700.0, centre, kappa, 50.0).0);
        assert_eq!(family.power(700.0, &[1.7, 0.0])[0], 600.0);
        let [line, ..] = family.power(700.0, &[1.0, z]);
        assert!((line - 600.0).abs() < 1e-9);
    }
}
