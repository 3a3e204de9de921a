use super::fitted::Fitted;
use super::{About, F_FIRST, F_LAST, F_MAX, Hypothesis, QuantityAbout, T_HALF, T_PEAK};
use crate::families::{CriticalFamily, decay_columns};
use crate::observations::Observations;
use crate::{Curve, Result};

/// `hypothesis` of the limit tau0 = infinity of the emergence curve.
pub const CRITICALLY_DAMPED: &str = "critically damped step";

/// The emergence curve without offset, f(t) = exp(-beta t) (a + b t) + K: the step response of a
/// critically damped oscillator that need not start at rest.
///
/// ```
/// use outcrop_fit::{CriticallyDamped, Hypothesis, Observations, FitOptions, Series};
///
/// let steps: Vec<f64> = (0..20).map(|i| 50.0 * f64::from(i)).collect();
/// let values: Vec<f64> = steps.iter().map(|t| 9.0 + (0.1 * t - 4.0) * (-t / 200.0).exp()).collect();
/// let (series, options) = (Series::new(&steps, &values)?, FitOptions::default());
/// let fitted = CriticallyDamped.fit(&Observations::new(&series, &options)?)?;
/// assert!((fitted.summary.t_peak.unwrap_or(0.0) - 240.0).abs() < 1e-3); // 1 / beta - a / b
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CriticallyDamped;

static ABOUT: About = About {
    name: CRITICALLY_DAMPED,
    formula: "f(t) = exp(-beta t) (a + b t) + K",
    quantities: &[
        QuantityAbout::parameter("a", "ratio", "distance of f(0) from K").without_column(),
        QuantityAbout::parameter("b", "ratio per step", "initial speed beyond the decay of a")
            .without_column(),
        QuantityAbout::parameter("beta", "per step", "decay rate, at least 0")
            .within(0.0, f64::INFINITY),
        QuantityAbout::parameter("K", "ratio", "asymptote"),
        F_FIRST,
        F_LAST,
        F_MAX,
        T_HALF,
        T_PEAK,
    ],
    limits: "the emergence curve at tau0 = infinity; the first-order step at b = 0",
    source: "the second-order step of arXiv 2508.03616 at zeta = 1, with an initial speed",
};

#[derive(Clone, Copy, Debug)]
struct CriticalCurve {
    constant: f64,
    ramp: f64,
    line: f64,
    beta: f64,
    centre: f64,
}

impl Hypothesis for CriticallyDamped {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fit(&self, observations: &Observations<'_>) -> Result<Fitted> {
        let options = observations.options;
        let family = CriticalFamily::new(observations.series.last(), options.max_beta());
        let curve = |p: &[f64; 1], [constant, ramp, line]: [f64; 3]| CriticalCurve {
            constant,
            ramp,
            line,
            beta: family.rate.rate(p[0]),
            centre: family.centre(),
        };
        Fitted::separable(&ABOUT, &family, observations, curve)
    }
}

impl Curve for CriticalCurve {
    fn value(&self, t: f64) -> f64 {
        let [decay, ramp, _] = decay_columns(t, self.beta);
        self.constant + self.ramp * ramp + self.line * decay * (t - self.centre)
    }

    /// f' = exp(-beta t) (ramp + line - beta line (t - t_c)) vanishes once.
    fn turns(&self, first: f64, last: f64) -> Vec<f64> {
        let turn = self.centre + (self.ramp + self.line) / (self.beta * self.line);
        let inside = first < turn && turn < last;
        inside.then_some(turn).into_iter().collect()
    }

    fn parameters(&self) -> Vec<(&'static str, Option<f64>)> {
        let finite = |x: f64| x.is_finite().then_some(x);
        let k = self.constant + self.ramp / self.beta;
        vec![
            ("a", finite(self.value(0.0) - k)),
            ("b", finite(self.line)),
            ("beta", finite(self.beta)),
            ("K", finite(k)),
        ]
    }
}
