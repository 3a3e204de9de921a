use super::drawn::drawn;
use super::fitted::Fitted;
use super::fitted_row::FittedRow;
use super::identified::{Identified, Solved};
use super::shared::{FLAT_STATUS, TIME_CONSTANT};
use super::{About, F_FIRST, F_LAST, F_MAX, Hypothesis, QuantityAbout, T_HALF, T_PEAK};
use crate::families::{GrowthFamily, ModeFamily, decay, strength};
use crate::observations::Observations;
use crate::{Curve, Result};

/// `hypothesis` of a mode of a deep linear network.
pub const DEEP_LINEAR_MODE: &str = "deep linear mode";

/// A mode of a deep linear network with one hidden layer, exactly: f(t) = s / (1 + (s / u0 - 1) exp(-t / tau)).
///
/// Gradient descent on it follows du/dt = u (s - u) / (s tau), with u0 its strength at step 0 and s the singular value
/// of the correlation of inputs and outputs that it learns (Saxe, McClelland and Ganguli, 2014). Its own time constant,
/// one over the learning rate, is 2 s tau: `tau_learning`. A mode of s = 1 and `tau_learning` = 1 grows from 1e-4 to
/// 1 - 1e-4 in ln(9999) = 9.2102. From u0 > s it falls.
///
/// The `logistic` has an offset besides, which a strength has not.
///
/// ```
/// use outcrop_fit::{DeepLinearMode, FitOptions, Hypothesis, Observations, Series};
///
/// let steps: Vec<f64> = (0..20).map(|i| 10.0 * f64::from(i)).collect();
/// let values: Vec<f64> = steps.iter().map(|t| 40.0 / (1.0 + 399.0 * (-t / 12.0).exp())).collect();
/// let (series, options) = (Series::new(&steps, &values)?, FitOptions::default());
/// let fitted = DeepLinearMode.fit(&Observations::new(&series, &options)?)?;
/// let [(_, s), (_, u0), ..] = fitted.curve.parameters()[..] else { panic!("no parameters") };
/// assert!((s.unwrap_or(0.0) - 40.0).abs() < 1e-6 && (u0.unwrap_or(0.0) - 0.1).abs() < 1e-6);
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DeepLinearMode;

static ABOUT: About = About {
    name: DEEP_LINEAR_MODE,
    formula: "f(t) = s / (1 + (s / u0 - 1) exp(-t / tau))",
    quantities: &[
        QuantityAbout::parameter("s", "ratio", "what it tends to: the singular value")
            .within(0.0, f64::INFINITY)
            .with_interval(),
        QuantityAbout::parameter("u0", "ratio", "value at step 0")
            .within(0.0, f64::INFINITY)
            .with_interval(),
        TIME_CONSTANT.with_interval(),
        QuantityAbout::derived("t_mid", "steps", "step at which it is s / 2; where s > u0")
            .with_interval(),
        QuantityAbout::derived(
            "tau_learning",
            "ratio steps",
            "2 s tau: one over the learning rate",
        )
        .within(0.0, f64::INFINITY)
        .with_interval(),
        F_FIRST.with_interval(),
        F_LAST.with_interval(),
        F_MAX.with_interval(),
        T_HALF.with_interval(),
        T_PEAK,
    ],
    limits: "the logistic curve without an offset; exponential growth at s = infinity; a constant at s = u0",
    source: "arXiv 1312.6120, eq. 3",
};

/// What is empty where the curve has not bent yet, and where it is a constant.
const ASYMPTOTE: &[&str] = &["s", "t_mid", "tau_learning"];
const ALL: &[&str] = &["s", "u0", "tau", "t_mid", "tau_learning"];

#[derive(Clone, Copy, Debug)]
struct Mode {
    s: f64,
    /// ln(s / u0).
    growth: f64,
    rate: f64,
}

impl Mode {
    fn new(family: &ModeFamily, p: &[f64; 2], [s]: [f64; 1]) -> Self {
        Self {
            s,
            growth: ModeFamily::growth(p),
            rate: family.rate.rate(p[0]),
        }
    }
}

fn family(observations: &Observations<'_>) -> ModeFamily {
    ModeFamily::new(observations.series.last(), observations.options.max_beta())
}

fn identify(solved: &Solved<'_, 2, 1>, observations: &Observations<'_>) -> Result<Identified> {
    let family = family(observations);
    let mode = Mode::new(&family, &solved.solution.optimum.p, solved.coefficients());
    let mut open = Vec::new();
    let limit = GrowthFamily::new(observations.series.last());
    if solved.is_flat(2) {
        open.push((FLAT_STATUS, ALL));
    } else if mode.growth > 0.0 && solved.reaches(&limit, None, 1)? {
        open.push(("asymptote not identified", ASYMPTOTE));
    }
    Ok(Identified {
        fitted: solved.fitted(&ABOUT, mode),
        open,
    })
}

impl Hypothesis for DeepLinearMode {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fit(&self, observations: &Observations<'_>) -> Result<Fitted> {
        let solved = Solved::new(&family(observations), observations)?;
        Ok(identify(&solved, observations)?.fitted)
    }

    /// Without the asymptote where exponential growth fits as well; with intervals and the band from the posterior.
    fn row(&self, observations: &Observations<'_>, steps: &[f64]) -> Result<FittedRow> {
        let family = family(observations);
        let solved = Solved::new(&family, observations)?;
        let found = identify(&solved, observations)?;
        let curve = |p: &[f64; 2], coefficients| Mode::new(&family, p, coefficients);
        let drawn = drawn(&solved, &family, observations.options.draws(), curve);
        Ok(found.row_with(observations, steps, &drawn))
    }
}

impl Curve for Mode {
    fn value(&self, t: f64) -> f64 {
        self.s * strength(decay(self.rate * t), self.growth.exp())[0]
    }

    fn turns(&self, _: f64, _: f64) -> Vec<f64> {
        Vec::new()
    }

    fn parameters(&self) -> Vec<(&'static str, Option<f64>)> {
        let finite = |x: f64| x.is_finite().then_some(x);
        let moves = self.rate > 0.0 && self.growth != 0.0;
        let tau = finite(1.0 / self.rate).filter(|_| moves);
        // ln(s / u0 - 1)
        let log_q = self.growth + (-(-self.growth).exp_m1()).ln();
        vec![
            ("s", finite(self.s)),
            ("u0", finite(self.s * (-self.growth).exp())),
            ("tau", tau),
            ("t_mid", tau.and_then(|tau| finite(tau * log_q))),
            (
                "tau_learning",
                tau.and_then(|tau| finite(2.0 * self.s * tau)),
            ),
        ]
    }
}
