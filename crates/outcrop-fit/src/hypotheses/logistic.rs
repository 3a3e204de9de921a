use super::columns::{fill, ones};
use super::coordinates::RateAxis;
use super::fitted::{Fitted, fit};
use super::{About, Hypothesis, LOGISTIC, ParameterAbout};
use crate::separable::{Bounds, Columns, Separable, Slopes};
use crate::weights::Observations;
use crate::{Curve, Result};

/// The logistic curve by which the modes of a deep linear network are learned,
/// f(t) = c + K g(t), g(t) = (1 - exp(-r t)) / (1 + q exp(-r t)), q = exp(r t_mid).
///
/// A mode of strength u grows as u(t) = s / (1 + (s / u0 - 1) exp(-r t)), so that q + 1 = s / u0
/// is the factor by which it grows (Saxe, McClelland and Ganguli, 2014, ICLR, arXiv 1312.6120).
///
/// ```
/// use outcrop_fit::{Hypothesis, Logistic, Observations, Options, Series};
///
/// let steps: Vec<f64> = (0..20).map(|i| 10.0 * f64::from(i)).collect();
/// let values: Vec<f64> = steps.iter().map(|t| 5.0 + 40.0 / (1.0 + (-(t - 80.0) / 12.0).exp())).collect();
/// let (series, options) = (Series::new(&steps, &values)?, Options::default());
/// let fitted = Logistic.fit(&Observations::new(&series, &options)?)?;
/// assert!((fitted.curve.parameters()[3].1.unwrap_or(0.0) - 80.0).abs() < 1e-3); // t_mid
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Logistic;

static ABOUT: About = About {
    name: LOGISTIC,
    formula: "f(t) = c + K (1 - exp(-t / tau)) / (1 + exp((t_mid - t) / tau))",
    parameters: &[
        ParameterAbout {
            symbol: "c",
            unit: "ratio",
            meaning: "value at step 0",
        },
        ParameterAbout {
            symbol: "K",
            unit: "ratio",
            meaning: "amplitude; negative where the curve falls",
        },
        ParameterAbout {
            symbol: "tau",
            unit: "steps",
            meaning: "time constant, at least 1 over the option `max_beta`",
        },
        ParameterAbout {
            symbol: "t_mid",
            unit: "steps",
            meaning: "midpoint; before the run where the strength grows by less than twofold",
        },
    ],
    limits: "the first-order step at t_mid = -infinity",
    source: "arXiv 1312.6120",
};

/// Columns 1 and g(t) over the coordinates w of the rate r and ln(1 + ln(1 + q)).
#[derive(Clone, Copy, Debug)]
struct LogisticFamily {
    rate: RateAxis,
    max_rate: f64,
}

/// ln(1 + q) up to which the mode may grow: a midpoint of so many time constants.
const MAX_GROWTH: f64 = 300.0;

impl LogisticFamily {
    fn growth(&self, p: &[f64; 2]) -> f64 {
        p[1].exp_m1()
    }
}

/// g and its derivatives by r t and by ln(1 + q), given e = exp(-r t), 1 - e and 1 + q.
fn mode([decay, rise]: [f64; 2], growth: f64) -> [f64; 3] {
    // g = (1 - e) / (1 + q e); with 1 + q at most exp(300) nothing overflows
    let rest = growth * decay;
    let below = rise + rest;
    let g = rise / below;
    [g, rest / below / below, -g * rest / below]
}

/// exp(-x) and 1 - exp(-x).
fn decay(x: f64) -> [f64; 2] {
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

#[derive(Clone, Copy, Debug)]
struct LogisticCurve {
    offset: f64,
    amplitude: f64,
    rate: f64,
    growth: f64,
}

impl Hypothesis for Logistic {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fit(&self, observations: &Observations<'_>) -> Result<Fitted> {
        let family = LogisticFamily {
            rate: RateAxis::new(observations.series.last()),
            max_rate: observations.options.max_beta(),
        };
        let curve = |p: &[f64; 2], [offset, amplitude]: [f64; 2]| LogisticCurve {
            offset,
            amplitude,
            rate: family.rate.rate(p[0]),
            growth: family.growth(p),
        };
        fit(&ABOUT, &family, observations, curve)
    }
}

impl Curve for LogisticCurve {
    fn value(&self, t: f64) -> f64 {
        let mode = match self.rate {
            0.0 => t,
            rate => mode(decay(rate * t), self.growth.exp())[0],
        };
        self.offset + self.amplitude * mode
    }

    fn turns(&self, _: f64, _: f64) -> Vec<f64> {
        Vec::new()
    }

    fn parameters(&self) -> Vec<(&'static str, Option<f64>)> {
        let finite = |x: f64| x.is_finite().then_some(x);
        // ln q, without the loss of ln(exp(growth) - 1) at either end
        let log_q = self.growth + (-(-self.growth).exp_m1()).ln();
        let line = self.rate == 0.0;
        vec![
            ("c", Some(self.offset)),
            ("K", (!line).then_some(self.amplitude)),
            ("tau", finite(1.0 / self.rate)),
            ("t_mid", finite(log_q / self.rate)),
        ]
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
