//! The curve fitted the way the paper fits it, successes and failures alike.
//!
//! "Hidden Dynamics of Massive Activations in Transformer Training" (arXiv 2508.03616) gives both
//! forms of the curve to SciPy's `curve_fit` with `method="trf"`, one starting point each, and keeps
//! the better. This module does the same, so that its results can be held against those of
//! [`fit_emergence`](crate::fit_emergence), which searches for the global optimum:
//!
//! 1. t is divided by its maximum; y is shifted by its minimum and divided by its range.
//! 2. Original form, Eq. 9: start at A = max y - min y, lambda = 1 / std t, gamma = 1 / range t,
//!    t0 = 1, K = min y + A / 2; bound lambda >= 0. Reparametrised form: the same point mapped by
//!    beta = lambda gamma, tau0 = t0 / gamma, A1 = A exp(-lambda t0), A2 = A1 ln gamma; bound
//!    beta >= 0. Nothing keeps gamma t + t0 above 0: where it is not, the logarithm has no value.
//! 3. The Trust Region Reflective method with an analytic Jacobian, `ftol = xtol = gtol = 1e-8`,
//!    variables unscaled.
//! 4. Parameters are scaled back to steps and to units of the values.
//!
//! ## What is a failure
//! What raises an exception in `curve_fit` is a [`FormFailure`] here. A series is finite and both starts
//! lie within their bounds by construction, so the remaining checks of `curve_fit` never fire. A
//! trial step without values is none: it shrinks the trust region, in SciPy as here.
//!
//! ## What agrees
//! Short searches take SciPy's path evaluation by evaluation. Long ones, of hundreds of evaluations
//! along a curved valley, amplify the last bit of an exponential: they pass the tests for
//! convergence earlier or later, rarely elsewhere, and once in a hundred not at all. SciPy differs
//! from itself in the same way when another LAPACK routine decomposes its Jacobians.
//! `tests/paper.rs` holds a tenth of the trial against SciPy 1.17.
//!
//! ## References
//! Branch, Coleman and Li (1999), SIAM Journal on Scientific Computing 21:1 (the method); Coleman
//! and Li (1996), SIAM Journal on Optimization 6:418 (the scaling); More (1978), Lecture Notes in
//! Mathematics 630:105 (the step); Virtanen et al. (2020), Nature Methods 17:261 (SciPy).

mod bounds;
mod curve;
mod failure;
mod forms;
mod model;
mod reflective;
mod trust_region;

#[cfg(test)]
mod tests;

pub use curve::PaperCurve;
pub use failure::FormFailure;
pub use reflective::Stop;

use crate::Series;
use forms::{Form, Normalised, Original, Reparametrised};

/// Options of a fit in the paper's way.
///
/// ```
/// use outcrop_fit::paper::PaperOptions;
///
/// assert_eq!(PaperOptions::default().max_evaluations, 20_000);
/// assert_eq!(PaperOptions::scipy().max_evaluations, 500);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaperOptions {
    /// Evaluations of the curve after which a form has failed, the start included; SciPy's
    /// `max_nfev`. 0 counts as 1.
    pub max_evaluations: usize,
}

impl Default for PaperOptions {
    /// 20 000 evaluations: a generous reading of the paper, which names no limit.
    fn default() -> Self {
        Self {
            max_evaluations: 20_000,
        }
    }
}

impl PaperOptions {
    /// The default of `curve_fit`: 100 evaluations for each parameter, hence 500.
    pub fn scipy() -> Self {
        Self {
            max_evaluations: 500,
        }
    }
}

/// What became of one series, form by form.
#[derive(Clone, Debug, PartialEq)]
pub struct PaperFit {
    /// Eq. 9: A exp(-lambda x) ln(x) + K with x = gamma t + t0.
    pub original: Result<FittedForm, FormFailure>,
    /// exp(-beta t) (A1 ln(t + tau0) + A2) + K.
    pub reparametrised: Result<FittedForm, FormFailure>,
}

impl PaperFit {
    /// The form that is kept: the smaller sum of squares among those that did not fail.
    pub fn best(&self) -> Option<&FittedForm> {
        let forms = [&self.original, &self.reparametrised];
        let fitted = forms.into_iter().filter_map(|form| form.as_ref().ok());
        fitted.min_by(|a, b| a.sse.total_cmp(&b.sse))
    }
}

/// A form that the method called converged, which does not make it the optimum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FittedForm {
    /// The curve with its parameters, in steps and in units of the values.
    pub curve: PaperCurve,
    /// Sum of squared residuals, in squared units of the values.
    pub sse: f64,
    /// 1 - SSE / SST; at most 1, and below 0 where a constant fits better.
    pub r2: f64,
    /// Akaike's criterion n ln(SSE / n) + 2 k with k = 5, the constant n (1 + ln 2 pi) left out;
    /// minus infinity where SSE = 0.
    pub aic: f64,
    /// Evaluations of the curve, the start included; SciPy's `nfev`.
    pub evaluations: usize,
    /// The test that ended the search.
    pub stop: Stop,
}

/// Fits both forms to a series in the paper's way.
///
/// ```
/// use outcrop_fit::{Series, paper};
///
/// let steps: Vec<f64> = (0..37).map(|i| f64::from(i) * 4000.0).collect();
/// let f = |t: f64| (-2e-5 * t).exp() * (90.0 * (t + 4000.0).ln() - 600.0) + 30.0;
/// let values: Vec<f64> = steps.iter().map(|&t| f(t)).collect();
/// let fit = paper::fit(&Series::new(&steps, &values)?, &paper::PaperOptions::default());
/// let best = fit.best().ok_or("neither form converged")?;
/// assert!(best.r2 > 0.999_999);
/// assert!((best.curve.value(60_000.0) / f(60_000.0) - 1.0).abs() < 1e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fit(series: &Series, options: &PaperOptions) -> PaperFit {
    PaperFit {
        original: fit_original(series, options),
        reparametrised: fit_reparametrised(series, options),
    }
}

/// Fits the original form, Eq. 9, alone.
///
/// # Errors
/// [`FormFailure`], where `curve_fit` raises an exception.
pub fn fit_original(series: &Series, options: &PaperOptions) -> Result<FittedForm, FormFailure> {
    fit_form(&Original, &Normalised::new(series), options)
}

/// Fits the reparametrised form alone.
///
/// # Errors
/// [`FormFailure`], where `curve_fit` raises an exception.
pub fn fit_reparametrised(
    series: &Series,
    options: &PaperOptions,
) -> Result<FittedForm, FormFailure> {
    fit_form(&Reparametrised, &Normalised::new(series), options)
}

fn fit_form<F: Form>(
    form: &F,
    data: &Normalised,
    options: &PaperOptions,
) -> Result<FittedForm, FormFailure> {
    let problem = forms::Residuals { form, data };
    let limit = options.max_evaluations.max(1);
    let found = reflective::minimize(&problem, &form.start(data), &form.bounds(), limit)?;
    let n = data.values.len() as f64;
    let sse = 2.0 * found.cost;
    let sse_in_units = sse * data.value_range * data.value_range;
    Ok(FittedForm {
        curve: form.curve(found.x.as_slice(), data),
        sse: sse_in_units,
        r2: 1.0 - sse / data.total(),
        aic: n * (sse_in_units / n).ln() + 2.0 * forms::PARAMETERS as f64,
        evaluations: found.evaluations,
        stop: found.stop,
    })
}
