use super::fitted::Fitted;
use super::shared::{AMPLITUDE, OFFSET, TIME_CONSTANT};
use super::{About, F_FIRST, F_LAST, F_MAX, Hypothesis, QuantityAbout, T_HALF, T_PEAK};
use crate::families::{LogisticFamily, RateAxis, decay, mode};
use crate::observations::Observations;
use crate::{Curve, Result};

/// `hypothesis` of the logistic curve.
pub const LOGISTIC: &str = "logistic";

/// The logistic curve by which the modes of a deep linear network are learned,
/// f(t) = c + K g(t), g(t) = (1 - exp(-r t)) / (1 + q exp(-r t)), q = exp(r t_mid).
///
/// A mode of strength u grows as u(t) = s / (1 + (s / u0 - 1) exp(-r t)), so that q + 1 = s / u0
/// is the factor by which it grows (Saxe, McClelland and Ganguli, 2014, ICLR, arXiv 1312.6120).
///
/// ```
/// use outcrop_fit::{Hypothesis, Logistic, Observations, FitOptions, Series};
///
/// let steps: Vec<f64> = (0..20).map(|i| 10.0 * f64::from(i)).collect();
/// let values: Vec<f64> = steps.iter().map(|t| 5.0 + 40.0 / (1.0 + (-(t - 80.0) / 12.0).exp())).collect();
/// let (series, options) = (Series::new(&steps, &values)?, FitOptions::default());
/// let fitted = Logistic.fit(&Observations::new(&series, &options)?)?;
/// assert!((fitted.curve.parameters()[3].1.unwrap_or(0.0) - 80.0).abs() < 1e-3); // t_mid
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Logistic;

static ABOUT: About = About {
    name: LOGISTIC,
    formula: "f(t) = c + K (1 - exp(-t / tau)) / (1 + exp((t_mid - t) / tau))",
    quantities: &[
        OFFSET,
        AMPLITUDE,
        TIME_CONSTANT,
        QuantityAbout::parameter(
            "t_mid",
            "steps",
            "midpoint; before the run where the strength grows by less than twofold",
        ),
        F_FIRST,
        F_LAST,
        F_MAX,
        T_HALF,
        T_PEAK,
    ],
    limits: "the first-order step at t_mid = -infinity",
    source: "arXiv 1312.6120",
};

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
        Fitted::separable(&ABOUT, &family, observations, curve)
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
