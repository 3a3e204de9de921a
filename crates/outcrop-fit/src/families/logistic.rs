//! The logistic curve, g(t) = (1 - exp(-r t)) / (1 + q exp(-r t)), regular at q = 0.

use super::columns::{fill, ones};
use super::coordinates::RateAxis;
use crate::separable::{Bounds, Columns, Separable, Slopes};

/// Columns 1 and g(t) over the coordinates w of the rate r and ln(1 + ln(1 + q)).
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogisticFamily {
    pub(crate) rate: RateAxis,
    pub(crate) max_rate: f64,
}

/// ln(1 + q) up to which the mode may grow: a midpoint of so many time constants.
const MAX_GROWTH: f64 = 300.0;

impl LogisticFamily {
    /// ln(1 + q) at a point of the plane.
    pub(crate) fn growth(&self, p: &[f64; 2]) -> f64 {
        p[1].exp_m1()
    }
}

/// g and its derivatives by r t and by ln(1 + q), given e = exp(-r t), 1 - e and 1 + q.
pub(crate) fn mode([decay, rise]: [f64; 2], growth: f64) -> [f64; 3] {
    // g = (1 - e) / (1 + q e); with 1 + q at most exp(300) nothing overflows
    let rest = growth * decay;
    let below = rise + rest;
    let g = rise / below;
    [g, rest / below / below, -g * rest / below]
}

/// exp(-x) and 1 - exp(-x).
pub(crate) fn decay(x: f64) -> [f64; 2] {
    let fallen = (-x).exp_m1();
    [if x > 0.5 { (-x).exp() } else { 1.0 + fallen }, -fallen]
}

impl Separable<2, 2> for LogisticFamily {
    fn bounds(&self) -> Bounds<2> {
        Bounds {
            lower: [0.0; 2],
            upper: [self.rate.coordinate(self.max_rate), MAX_GROWTH.ln_1p()],
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
        columns: &mut Columns<2>,
        slopes: Option<&mut Slopes<2, 2>>,
    ) {
        let (rate, growth) = (self.rate.rate(p[0]), self.growth(p).exp());
        ones(steps.len(), &mut columns[0]);
        if rate == 0.0 {
            // a straight line, whatever the growth
            fill(steps, &mut columns[1], |t| t);
        } else {
            fill(steps, &mut columns[1], |t| mode(decay(rate * t), growth)[0]);
        }
        if let Some([[_, by_w], [_, by_growth]]) = slopes {
            let speed = self.rate.slope(p[0]);
            let slope = |t: f64| mode(decay(rate * t), growth);
            fill(steps, by_w, |t| slope(t)[1] * t * speed);
            fill(steps, by_growth, |t| slope(t)[2] * p[1].exp());
        }
    }

    /// The exponentials depend on w alone.
    fn sweep(
        &self,
        steps: &[f64],
        axes: &[Vec<f64>; 2],
        visit: &mut dyn FnMut(usize, &Columns<2>),
    ) {
        let mut columns = [vec![1.0; steps.len()], Vec::new()];
        let mut unchanged = 0;
        for &w in &axes[0] {
            let rate = self.rate.rate(w);
            let decays: Vec<[f64; 2]> = steps.iter().map(|t| decay(rate * t)).collect();
            for &v in &axes[1] {
                let growth = self.growth(&[w, v]).exp();
                if rate == 0.0 {
                    fill(steps, &mut columns[1], |t| t);
                } else {
                    columns[1].clear();
                    columns[1].extend(decays.iter().map(|d| mode(*d, growth)[0]));
                }
                visit(unchanged, &columns);
                unchanged = 1;
            }
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
        fn slopes_are_those_of_the_columns(u in 0.01..1.0f64, v in 0.01..1.0f64) {
            let family = LogisticFamily { rate: RateAxis::new(1e5), max_rate: 0.01 };
            let upper = family.bounds().upper;
            // differences over 1e-5 of ln(1 + growth) are too coarse for a growth of hundreds
            check_slopes(&family, [u * upper[0], v * 0.5 * upper[1]], &STEPS);
        }

        /// g' = r g (1 - g) once g is counted from the mode's own zero: u = s (u0 + (s - u0) g) / s
        #[test]
        fn a_mode_solves_its_equation(growth in 0.1..20.0f64, x in 0.01..30.0f64) {
            let q1 = growth.exp(); // s / u0
            let strength = |x: f64| (1.0 + (q1 - 1.0) * mode(decay(x), q1)[0]) / q1;
            let h = 1e-5;
            let slope = (strength(x + h) - strength(x - h)) / (2.0 * h);
            let u = strength(x);
            prop_assert!((slope - u * (1.0 - u)).abs() < 1e-6);
        }
    }
}
