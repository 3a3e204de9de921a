//! A mode of a deep linear network, g(t) = 1 / (1 + (exp(v) - 1) exp(-r t)), v = ln(s / u0).

use super::columns::fill;
use super::coordinates::RateAxis;
use super::logistic::decay;
use crate::separable::{Bounds, Columns, Separable, Slopes};

/// ln(s / u0) where the mode grows most: at the first step it is nothing.
const MAX_GROWTH: f64 = 300.0;
/// ln(u0 / s) where it falls most.
const MAX_FALL: f64 = 7.0;

/// The column g over the coordinates w of the rate r and asinh(v).
#[derive(Clone, Copy, Debug)]
pub(crate) struct ModeFamily {
    pub(crate) rate: RateAxis,
    max_rate: f64,
}

impl ModeFamily {
    pub(crate) fn new(last: f64, max_rate: f64) -> Self {
        Self {
            rate: RateAxis::new(last),
            max_rate,
        }
    }

    /// ln(s / u0) at a point of the plane.
    pub(crate) fn growth(p: &[f64; 2]) -> f64 {
        p[1].sinh()
    }
}

/// g and its derivatives by r t and by v, given exp(-r t), 1 - exp(-r t) and exp(v).
pub(crate) fn strength([decay, rise]: [f64; 2], growth: f64) -> [f64; 3] {
    let rest = growth * decay;
    let below = rise + rest;
    let g = 1.0 / below;
    [g, (rest - decay) / below / below, -g * rest / below]
}

impl Separable<2, 1> for ModeFamily {
    fn bounds(&self) -> Bounds<2> {
        Bounds {
            lower: [0.0, -MAX_FALL.asinh()],
            upper: [self.rate.coordinate(self.max_rate), MAX_GROWTH.asinh()],
        }
    }

    /// Late, sudden rises between two checkpoints give many shallow minima.
    fn starts(&self) -> usize {
        12
    }

    fn evaluate(
        &self,
        steps: &[f64],
        p: &[f64; 2],
        columns: &mut Columns<1>,
        slopes: Option<&mut Slopes<2, 1>>,
    ) {
        let (rate, growth) = (self.rate.rate(p[0]), Self::growth(p).exp());
        let at = |t: f64| strength(decay(rate * t), growth);
        fill(steps, &mut columns[0], |t| at(t)[0]);
        if let Some([[by_w], [by_growth]]) = slopes {
            let (speed, stretch) = (self.rate.slope(p[0]), p[1].cosh());
            fill(steps, by_w, |t| at(t)[1] * t * speed);
            fill(steps, by_growth, |t| at(t)[2] * stretch);
        }
    }
}

/// Exponential growth, exp(r (t - T)) with T the last step: a mode that has not bent yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GrowthFamily {
    rate: RateAxis,
    last: f64,
}

impl GrowthFamily {
    pub(crate) fn new(last: f64) -> Self {
        Self {
            rate: RateAxis::new(last),
            last,
        }
    }
}

impl Separable<1, 1> for GrowthFamily {
    fn bounds(&self) -> Bounds<1> {
        Bounds {
            lower: [0.0],
            upper: [self.rate.coordinate(MAX_GROWTH / self.last)],
        }
    }

    fn evaluate(
        &self,
        steps: &[f64],
        p: &[f64; 1],
        columns: &mut Columns<1>,
        slopes: Option<&mut Slopes<1, 1>>,
    ) {
        let (rate, speed) = (self.rate.rate(p[0]), self.rate.slope(p[0]));
        let at = |t: f64| (rate * (t - self.last)).exp();
        fill(steps, &mut columns[0], at);
        if let Some([[by]]) = slopes {
            fill(steps, by, |t| (t - self.last) * speed * at(t));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::separable::check_slopes;
    use proptest::prelude::*;

    const STEPS: [f64; 7] = [0.0, 1.0, 30.0, 400.0, 3_000.0, 20_000.0, 100_000.0];

    proptest! {
        #[test]
        fn slopes_are_those_of_the_columns(u in 0.01..1.0f64, v in 0.0..0.6f64) {
            let family = ModeFamily::new(1e5, 0.01);
            let bounds = family.bounds();
            let v = bounds.lower[1] + v * (bounds.upper[1] - bounds.lower[1]);
            check_slopes(&family, [u * bounds.upper[0], v], &STEPS);
            let growth = GrowthFamily::new(1e5);
            check_slopes(&growth, [u * 0.5 * growth.bounds().upper[0]], &STEPS);
        }

        /// du/dt = u (s - u) / tau with s = 1 and time in units of tau: g' = g (1 - g)
        #[test]
        fn a_mode_solves_its_equation(v in -3.0..20.0f64, x in 0.01..30.0f64) {
            let g = |x: f64| strength(decay(x), v.exp())[0];
            let h = 1e-5;
            let slope = (g(x + h) - g(x - h)) / (2.0 * h);
            prop_assert!((slope - g(x) * (1.0 - g(x))).abs() < 1e-5 * (1.0 + g(x) * g(x)));
        }
    }
}
