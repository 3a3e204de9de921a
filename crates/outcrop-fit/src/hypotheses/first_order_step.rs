use super::fitted::Fitted;
use super::shared::{AMPLITUDE, OFFSET, TIME_CONSTANT};
use super::{About, F_FIRST, F_LAST, F_MAX, Hypothesis, T_HALF, T_PEAK};
use crate::families::{ExponentialFamily, decay_columns};
use crate::observations::Observations;
use crate::{Curve, Result};

/// `hypothesis` of the first-order step, the emergence curve without its logarithm.
pub const FIRST_ORDER_STEP: &str = "first-order step";

/// The first-order step, f(t) = c + K (1 - exp(-t / tau)), with an offset c because no ratio
/// starts at 0. It falls where K < 0.
///
/// ```
/// use outcrop_fit::{FirstOrderStep, Hypothesis, Observations, FitOptions, Series};
///
/// let steps: Vec<f64> = (0..12).map(|i| 10.0 * f64::from(i)).collect();
/// let values: Vec<f64> = steps.iter().map(|t| 5.0 + 40.0 * (1.0 - (-t / 25.0).exp())).collect();
/// let (series, options) = (Series::new(&steps, &values)?, FitOptions::default());
/// let fitted = FirstOrderStep.fit(&Observations::new(&series, &options)?)?;
/// assert!((fitted.curve.parameters()[2].1.unwrap_or(0.0) - 25.0).abs() < 1e-6); // tau
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FirstOrderStep;

static ABOUT: About = About {
    name: FIRST_ORDER_STEP,
    formula: "f(t) = c + K (1 - exp(-t / tau))",
    quantities: &[
        OFFSET,
        AMPLITUDE,
        TIME_CONSTANT,
        F_FIRST,
        F_LAST,
        F_MAX,
        T_HALF,
        T_PEAK,
    ],
    limits: "the emergence curve at A1 = 0; a straight line at tau = infinity",
    source: "arXiv 2508.03616, with an offset",
};

#[derive(Clone, Copy, Debug)]
struct Exponential {
    offset: f64,
    /// K / tau, which stays finite as tau grows.
    speed: f64,
    rate: f64,
}

impl Hypothesis for FirstOrderStep {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fit(&self, observations: &Observations<'_>) -> Result<Fitted> {
        let options = observations.options;
        let family = ExponentialFamily::new(observations.series.last(), options.max_beta());
        Fitted::separable(&ABOUT, &family, observations, |p, [offset, speed]| {
            Exponential {
                offset,
                speed,
                rate: family.rate.rate(p[0]),
            }
        })
    }
}

impl Curve for Exponential {
    fn value(&self, t: f64) -> f64 {
        self.offset + self.speed * decay_columns(t, self.rate)[1]
    }

    fn turns(&self, _: f64, _: f64) -> Vec<f64> {
        Vec::new()
    }

    fn parameters(&self) -> Vec<(&'static str, Option<f64>)> {
        let finite = |x: f64| x.is_finite().then_some(x);
        vec![
            ("c", finite(self.offset)),
            ("K", finite(self.speed / self.rate)),
            ("tau", finite(1.0 / self.rate)),
        ]
    }
}
