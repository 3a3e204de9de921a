use super::fitted::Fitted;
use super::{About, F_FIRST, F_LAST, F_MAX, Hypothesis, QuantityAbout, T_HALF, T_PEAK};
use crate::families::{LogarithmFamily, log_column};
use crate::observations::Observations;
use crate::{Curve, Result};

/// `hypothesis` of the limit beta = 0 of the emergence curve.
pub const LOG_ONLY: &str = "log only";

/// The emergence curve without decay, f(t) = A1 ln(t + tau0) + K.
///
/// ```
/// use outcrop_fit::{Hypothesis, LogOnly, Observations, FitOptions, Series};
///
/// let steps: Vec<f64> = (0..20).map(|i| 50.0 * f64::from(i)).collect();
/// let values: Vec<f64> = steps.iter().map(|t| 4.0 * (t + 30.0).ln() - 3.0).collect();
/// let (series, options) = (Series::new(&steps, &values)?, FitOptions::default());
/// let fitted = LogOnly.fit(&Observations::new(&series, &options)?)?;
/// let (symbol, tau0) = fitted.curve.parameters()[1];
/// assert_eq!(symbol, "tau0");
/// assert!((tau0.unwrap_or(0.0) - 30.0).abs() < 1e-4);
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LogOnly;

static ABOUT: About = About {
    name: LOG_ONLY,
    formula: "f(t) = A1 ln(t + tau0) + K",
    quantities: &[
        QuantityAbout::parameter(
            "A1",
            "ratio",
            "rise by a factor e of t + tau0; negative where the curve falls",
        ),
        QuantityAbout::parameter("tau0", "steps", "offset, at least the option `min_tau0`")
            .within(0.0, f64::INFINITY),
        QuantityAbout::parameter("K", "ratio", "value at t + tau0 = 1; no asymptote"),
        F_FIRST,
        F_LAST,
        F_MAX,
        T_HALF,
        T_PEAK,
    ],
    limits: "the emergence curve at beta = 0 without its linear term; a straight line at tau0 = infinity",
    source: "the log-increase layers of arXiv 2508.03616",
};

#[derive(Clone, Copy, Debug)]
struct LogCurve {
    constant: f64,
    log: f64,
    tau0: f64,
    kappa: f64,
    centre: f64,
}

impl Hypothesis for LogOnly {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fit(&self, observations: &Observations<'_>) -> Result<Fitted> {
        let options = observations.options;
        let family = LogarithmFamily::new(observations.series.last(), options.min_tau0());
        Fitted::separable(&ABOUT, &family, observations, |p, [constant, log]| {
            LogCurve {
                constant,
                log,
                tau0: family.offset.tau0(p[0]),
                kappa: family.offset.kappa(p[0]),
                centre: family.offset.centre(),
            }
        })
    }
}

impl Curve for LogCurve {
    fn value(&self, t: f64) -> f64 {
        self.constant + self.log * log_column(t, self.centre, self.kappa, self.tau0).0
    }

    fn turns(&self, _: f64, _: f64) -> Vec<f64> {
        Vec::new()
    }

    fn parameters(&self) -> Vec<(&'static str, Option<f64>)> {
        let a1 = self.log / self.kappa;
        let finite = |x: f64| x.is_finite().then_some(x);
        vec![
            ("A1", finite(a1)),
            ("tau0", finite(self.tau0)),
            ("K", finite(self.constant + a1 * self.kappa.ln())),
        ]
    }
}
