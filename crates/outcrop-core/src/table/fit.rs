use serde::{Deserialize, Serialize};

/// One curve fitted to one trajectory: a row of `fits.csv`. A quantity that the data do not
/// identify, or that the hypothesis does not have, is empty. Ratios have no unit, times are
/// training steps, rates are per step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fit {
    /// Name of the model.
    pub model: String,
    /// Layer, from 1.
    pub layer: u32,
    /// Name of the hypothesis, such as `emergence` or `second-order step`.
    pub hypothesis: String,
    /// Number of points.
    pub n: usize,
    /// Whether it has the lowest AICc of its trajectory.
    pub best: bool,
    /// `ok`, or why there is no fit, or codes of what is not identified, separated by `; `.
    pub status: String,
    /// Sum of squared residuals.
    pub sse: Option<f64>,
    /// 1 - SSE / SST.
    pub r2: Option<f64>,
    /// Akaike's criterion, corrected for few points; lower is better.
    pub aicc: Option<f64>,
    /// Amplitude A of Eq. 9, f(t) = A exp(-lambda x) ln(x) + K with x = gamma t + t0.
    #[serde(rename = "A")]
    pub a: Option<f64>,
    /// Decay rate lambda of Eq. 9, at least 0.
    pub lambda: Option<f64>,
    /// Time scaling gamma of Eq. 9, per step.
    pub gamma: Option<f64>,
    /// Time offset t0 of Eq. 9.
    pub t0: Option<f64>,
    /// Asymptote K of Eq. 9.
    #[serde(rename = "K")]
    pub k: Option<f64>,
    /// Decay rate beta = lambda gamma of f(t) = exp(-beta t) (A1 ln(t + tau0) + A2) + K, per step.
    pub beta: Option<f64>,
    /// Time offset tau0 = t0 / gamma, in steps.
    pub tau0: Option<f64>,
    /// Logarithmic amplitude A1 = A exp(-lambda t0).
    #[serde(rename = "A1")]
    pub a1: Option<f64>,
    /// Constant amplitude A2 = A1 ln(gamma).
    #[serde(rename = "A2")]
    pub a2: Option<f64>,
    /// The curve at the first step.
    pub f_first: Option<f64>,
    /// The curve at the last step.
    pub f_last: Option<f64>,
    /// The largest value of the curve between them.
    pub f_max: Option<f64>,
    /// First step at which the curve is half-way from `f_first` to `f_max` (to the smallest value
    /// where it falls).
    pub t_half: Option<f64>,
    /// Probability that the curve has a maximum inside the run.
    pub p_peak: Option<f64>,
    /// Step of that maximum, where there is one.
    pub t_peak: Option<f64>,
}

/// One point of a fitted curve: a row of `curves.csv`, for plotting without evaluating a formula.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Name of the model.
    pub model: String,
    /// Layer, from 1.
    pub layer: u32,
    /// Name of the hypothesis.
    pub hypothesis: String,
    /// Training step, possibly between steps.
    pub step: f64,
    /// The curve there.
    pub value: f64,
}
