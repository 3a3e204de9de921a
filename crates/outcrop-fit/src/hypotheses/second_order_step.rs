use super::fitted::Fitted;
use super::shared::{AMPLITUDE, OFFSET};
use super::{About, F_FIRST, F_LAST, F_MAX, Hypothesis, QuantityAbout, T_HALF, T_PEAK};
use crate::families::{Oscillator, OscillatorFamily};
use crate::observations::Observations;
use crate::{Curve, Result};

/// `hypothesis` of the second-order step.
pub const SECOND_ORDER_STEP: &str = "second-order step";

/// The second-order step, f(t) = c + K s(t), s being the response of a damped oscillator at rest
/// to a unit step: with x = omega t and damping ratio zeta,
///
/// - zeta < 1, underdamped: s = 1 - exp(-zeta x) (cos(d x) + zeta / d sin(d x)), d = sqrt(1 - zeta^2);
/// - zeta = 1, critically damped: s = 1 - (1 + x) exp(-x);
/// - zeta > 1, overdamped: s = 1 - (r2 exp(-r1 x) - r1 exp(-r2 x)) / (r2 - r1),
///   r1, r2 = zeta -+ sqrt(zeta^2 - 1).
///
/// One search covers the three, over zeta in 0.05 to 100 and tau = 2 zeta / omega from 1 over the
/// option `max_beta` to a hundred times the last step.
///
/// ```
/// use outcrop_fit::{Hypothesis, Observations, FitOptions, SecondOrderStep, Series};
///
/// let steps: Vec<f64> = (0..15).map(|i| 10.0 * f64::from(i)).collect();
/// let f = |t: f64| 5.0 + 40.0 * (1.0 - (1.0 + 0.05 * t) * (-0.05 * t).exp());
/// let values: Vec<f64> = steps.iter().map(|&t| f(t)).collect();
/// let (series, options) = (Series::new(&steps, &values)?, FitOptions::default());
/// let fitted = SecondOrderStep.fit(&Observations::new(&series, &options)?)?;
/// assert!((fitted.curve.parameters()[3].1.unwrap_or(0.0) - 1.0).abs() < 1e-4); // zeta
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SecondOrderStep;

static ABOUT: About = About {
    name: SECOND_ORDER_STEP,
    formula: "f(t) = c + K s(omega t, zeta), s the step response of a damped oscillator",
    quantities: &[
        OFFSET,
        AMPLITUDE,
        QuantityAbout::parameter("omega", "per step", "natural frequency")
            .within(0.0, f64::INFINITY),
        QuantityAbout::parameter(
            "zeta",
            "",
            "damping ratio, 0.05 to 100: below 1 it overshoots, above 1 it creeps",
        )
        .within(0.05, 100.0),
        F_FIRST,
        F_LAST,
        F_MAX,
        T_HALF,
        T_PEAK,
    ],
    limits: "critically damped at zeta = 1; the first-order step at zeta = infinity",
    source: "arXiv 2508.03616, with an offset",
};

#[derive(Clone, Copy, Debug)]
struct Response {
    offset: f64,
    amplitude: f64,
    oscillator: Oscillator,
}

impl Hypothesis for SecondOrderStep {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fit(&self, observations: &Observations<'_>) -> Result<Fitted> {
        let options = observations.options;
        let family = OscillatorFamily::new(observations.series.last(), options.max_beta());
        let curve = |p: &[f64; 2], [offset, amplitude]: [f64; 2]| Response {
            offset,
            amplitude,
            oscillator: family.oscillator(p),
        };
        Fitted::separable(&ABOUT, &family, observations, curve)
    }
}

impl Curve for Response {
    fn value(&self, t: f64) -> f64 {
        self.offset + self.amplitude * self.oscillator.response(t)
    }

    /// The first two, between which lie the extremes: every later swing is smaller.
    fn turns(&self, first: f64, last: f64) -> Vec<f64> {
        let turns = self.oscillator.turns(first);
        let turns = turns.into_iter().flatten();
        turns.filter(|&t| first < t && t < last).collect()
    }

    fn parameters(&self) -> Vec<(&'static str, Option<f64>)> {
        vec![
            ("c", Some(self.offset)),
            ("K", Some(self.amplitude)),
            ("omega", Some(self.oscillator.omega)),
            ("zeta", Some(self.oscillator.zeta)),
        ]
    }
}
