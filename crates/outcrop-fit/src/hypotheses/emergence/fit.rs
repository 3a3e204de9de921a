use std::sync::Arc;

use super::about::ABOUT;
use super::covariance::Covariance;
use super::curve::EmergenceCurve;
use super::identify::{limits, warnings};
use super::note::Note;
use super::parameters::EmergenceParameters;
use crate::families::EmergenceFamily;
use crate::goodness::Goodness;
use crate::hypotheses::Fitted;
use crate::observations::{Observations, solve};
use crate::weights::{Scaled, Solution};
use crate::{Curve, CurveSummary, FitOptions, Result, Series};

/// The emergence curve fitted to one series.
#[derive(Clone, Debug)]
pub struct Emergence {
    pub(crate) family: EmergenceFamily,
    pub(crate) p: [f64; 2],
    pub(crate) unit: f64,
    /// Square roots of the weights of the points, in units of `unit`.
    pub(crate) scales: Vec<f64>,
    curve: EmergenceCurve,
    fitted: Fitted,
    leverage: Vec<f64>,
    notes: Vec<Note>,
    covariance: Option<Covariance>,
}

/// Fits the emergence curve: the global optimum over (beta, tau0), the other three parameters
/// solved exactly at each point (variable projection).
///
/// # Errors
/// [`crate::Error::Solver`], should the optimiser fail; [`crate::Error::NoStandardErrors`].
///
/// ```
/// use outcrop_fit::{FitOptions, Series, fit_emergence};
///
/// let mut steps: Vec<f64> = (0..40).map(|i| (1.35f64.powi(i)).floor()).collect();
/// steps.dedup();
/// let f = |t: f64| (-1e-4 * t).exp() * (20.0 * (t + 30.0).ln() - 60.0) + 12.0;
/// let values: Vec<f64> = steps.iter().map(|&t| f(t)).collect();
/// let curve = fit_emergence(&Series::new(&steps, &values)?, &FitOptions::default())?;
/// assert!((curve.value(1e4) - f(1e4)).abs() < 1e-6);
/// assert!((curve.parameters().tau0.unwrap() - 30.0).abs() < 1e-3);
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
pub fn fit_emergence(series: &Series, options: &FitOptions) -> Result<Emergence> {
    Emergence::fit(&Observations::new(series, options)?)
}

impl Emergence {
    /// As [`fit_emergence`], for observations at hand.
    ///
    /// # Errors
    /// [`crate::Error::Solver`], should the optimiser fail.
    pub fn fit(observations: &Observations<'_>) -> Result<Self> {
        let (series, options) = (observations.series, observations.options);
        let family = EmergenceFamily::new(series.last(), options.max_beta(), options.min_tau0());
        let (scaled, solution) = solve(&family, observations)?;
        let optimum = &solution.optimum;
        let coefficients = optimum.coefficients.map(|c| c * scaled.unit);
        let curve = EmergenceCurve::new(&family, &optimum.p, coefficients);
        let mut notes = limits(&family, &scaled, &solution, options)?;
        notes.extend(warnings(&family, &scaled, &solution, &curve, &notes));
        let outliers = observations.outliers().into_iter();
        notes.extend(outliers.map(|step| Note::Outlier { step }));
        Ok(Self::from_parts(family, &scaled, solution, curve, notes))
    }

    fn from_parts(
        family: EmergenceFamily,
        scaled: &Scaled<'_>,
        solution: Solution<2, 3>,
        curve: EmergenceCurve,
        mut notes: Vec<Note>,
    ) -> Self {
        let optimum = &solution.optimum;
        let shared = Arc::new(curve);
        let mut fitted = Fitted::new(&ABOUT, shared, scaled, &solution.values, optimum.sse);
        if notes.contains(&Note::Flat) {
            fitted.summary.t_peak = None;
        } else if fitted.goodness.is_autocorrelated() {
            notes.push(Note::Autocorrelated);
        }
        Self {
            covariance: Covariance::new(&curve, scaled, optimum.sse),
            p: optimum.p,
            unit: scaled.unit,
            scales: scaled.scales.clone(),
            leverage: solution.leverage,
            family,
            curve,
            fitted,
            notes,
        }
    }

    /// The scale of the last point that has any weight.
    pub(crate) fn last_scale(&self) -> f64 {
        let scales = self.scales.iter().rev();
        scales.copied().find(|s| *s > 0.0).unwrap_or(1.0)
    }

    /// The curve at step `t` >= 0, in units of the values.
    pub fn value(&self, t: f64) -> f64 {
        self.curve.value(t)
    }

    /// The curve.
    pub fn curve(&self) -> &EmergenceCurve {
        &self.curve
    }

    /// The fit as any hypothesis has it.
    pub fn fitted(&self) -> &Fitted {
        &self.fitted
    }

    /// The parameters that the data identify; the reasons for those they do not are in
    /// [`Emergence::notes`].
    pub fn parameters(&self) -> EmergenceParameters {
        self.curve.finite_parameters().identified(&self.notes)
    }

    /// What the data do not identify.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// How well it fits.
    pub fn goodness(&self) -> Goodness {
        self.fitted.goodness
    }

    /// The summaries that stay identified where the parameters are not; no peak where the series
    /// is flat.
    pub fn summary(&self) -> CurveSummary {
        self.fitted.summary
    }

    /// The step of the curve's maximum if that lies within the run, between the first step and
    /// the last. Empty also where the series is flat.
    pub fn t_peak(&self) -> Option<f64> {
        self.fitted.summary.t_peak
    }

    /// The leverage of each point, 0 to 1: how much of the fit there is that point's own.
    pub fn leverage(&self) -> &[f64] {
        &self.leverage
    }

    /// The covariance of the parameters at the optimum; empty where it is on a border of the
    /// plane or singular.
    pub fn covariance(&self) -> Option<&Covariance> {
        self.covariance.as_ref()
    }
}
