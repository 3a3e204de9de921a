use super::drawn::drawn;
use super::fitted::Fitted;
use super::fitted_row::FittedRow;
use super::identified::{Identified, Solved};
use super::shared::FLAT_STATUS;
use super::{About, F_FIRST, F_LAST, F_MAX, Hypothesis, QuantityAbout, T_HALF, T_PEAK};
use crate::families::{EXPONENTS, PowerFamily};
use crate::observations::Observations;
use crate::separable::Separable;
use crate::{Curve, Result};

/// `hypothesis` of the power law.
pub const POWER_LAW: &str = "power law";

/// A power of the step with an offset in both directions, f(t) = K + span (1 + t / tau0)^p, p from -4 to 3.
///
/// For p < 0 it tends to K, as losses do; for p > 0 it grows without end, from K + span at step 0. At p = 0 it is `log only`.
///
/// ```
/// use outcrop_fit::{FitOptions, Hypothesis, Observations, PowerLaw, Series};
///
/// let steps: Vec<f64> = (0..20).map(|i| 50.0 * f64::from(i)).collect();
/// let values: Vec<f64> = steps.iter().map(|t| 2.0 + 9.0 * (1.0 + t / 30.0).powf(-0.5)).collect();
/// let (series, options) = (Series::new(&steps, &values)?, FitOptions::default());
/// let fitted = PowerLaw.fit(&Observations::new(&series, &options)?)?;
/// let (symbol, exponent) = fitted.curve.parameters()[2];
/// assert_eq!(symbol, "exponent");
/// assert!((exponent.unwrap_or(0.0) + 0.5).abs() < 1e-4);
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PowerLaw;

static ABOUT: About = About {
    name: POWER_LAW,
    formula: "f(t) = K + span (1 + t / tau0)^p, p the exponent",
    quantities: &[
        QuantityAbout::parameter("K", "ratio", "asymptote for p < 0").with_interval(),
        QuantityAbout::parameter(
            "span",
            "ratio",
            "f(0) - K; negative where p < 0 and the curve rises",
        )
        .with_interval(),
        QuantityAbout::parameter(
            "exponent",
            "",
            "p, -4 to 3: negative where the curve saturates",
        )
        .within(EXPONENTS[0], EXPONENTS[1])
        .with_interval(),
        QuantityAbout::parameter("tau0", "steps", "offset, at least the option `min_tau0`")
            .within(0.0, f64::INFINITY)
            .with_interval(),
        F_FIRST.with_interval(),
        F_LAST.with_interval(),
        F_MAX.with_interval(),
        T_HALF.with_interval(),
        T_PEAK,
    ],
    limits: "`log only` at p = 0; a straight line at p = 1 and at tau0 = infinity; an exponential at p = -infinity",
    source: "arXiv 2001.08361, with an offset; the columns of Box and Cox (1964)",
};

/// What is empty where the logarithm, a straight line and a constant fit as well.
const AMPLITUDES: &[&str] = &["K", "span"];
const ALL: &[&str] = &["K", "span", "exponent", "tau0"];

#[derive(Clone, Copy, Debug)]
struct Power {
    constant: f64,
    slope: f64,
    family: PowerFamily,
    p: [f64; 2],
}

impl Power {
    fn new(family: PowerFamily, p: [f64; 2], [constant, slope]: [f64; 2]) -> Self {
        Self {
            constant,
            slope,
            family,
            p,
        }
    }
}

fn family(observations: &Observations<'_>) -> PowerFamily {
    PowerFamily::new(observations.series.last(), observations.options.min_tau0())
}

fn identify(solved: &Solved<'_, 2, 2>, family: PowerFamily) -> Result<Identified> {
    let p = solved.solution.optimum.p;
    let mut open: Vec<(&'static str, &'static [&'static str])> = Vec::new();
    if solved.is_flat(3) {
        open.push((FLAT_STATUS, ALL));
    } else if solved.reaches(&family, Some(1), 2)? {
        open.push(("exponent not identified", ALL));
    } else {
        if solved.reaches(&family, Some(0), 1)? {
            open.push(("asymptote not identified", AMPLITUDES));
        }
        let bounds = family.bounds();
        if p[0] <= bounds.lower[0] || p[0] >= bounds.upper[0] {
            open.push(("exponent at its bound", &["exponent"]));
        }
        if p[1] <= bounds.lower[1] {
            open.push(("tau0 at its lower bound", &[]));
        }
    }
    Ok(Identified {
        fitted: solved.fitted(&ABOUT, Power::new(family, p, solved.coefficients())),
        open,
    })
}

impl Hypothesis for PowerLaw {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fit(&self, observations: &Observations<'_>) -> Result<Fitted> {
        let family = family(observations);
        let solved = Solved::new(&family, observations)?;
        Ok(identify(&solved, family)?.fitted)
    }

    /// Without the parameters that a logarithm or a straight line does not have, where these fit as well; with intervals
    /// and the band from the posterior.
    fn row(&self, observations: &Observations<'_>, steps: &[f64]) -> Result<FittedRow> {
        let family = family(observations);
        let solved = Solved::new(&family, observations)?;
        let found = identify(&solved, family)?;
        let curve = |p: &[f64; 2], coefficients| Power::new(family, *p, coefficients);
        let drawn = drawn(&solved, &family, observations.options.draws(), curve);
        Ok(found.row_with(observations, steps, &drawn))
    }
}

impl Curve for Power {
    fn value(&self, t: f64) -> f64 {
        self.constant + self.slope * self.family.power(t, &self.p)[0]
    }

    fn turns(&self, _: f64, _: f64) -> Vec<f64> {
        Vec::new()
    }

    fn parameters(&self) -> Vec<(&'static str, Option<f64>)> {
        let finite = |x: f64| x.is_finite().then_some(x);
        let [exponent, z] = self.p;
        let (kappa, tau0) = (self.family.offset.kappa(z), self.family.offset.tau0(z));
        let size = self.slope / (exponent * kappa);
        vec![
            ("K", finite(self.constant - size)),
            ("span", finite(size * (kappa * tau0).powf(exponent))),
            ("exponent", Some(exponent).filter(|_| kappa > 0.0)),
            ("tau0", finite(tau0)),
        ]
    }
}
