/// One curve fitted to one trajectory: a row of `fits.csv`. A quantity that the data do not
/// identify, or that the hypothesis does not have, is empty. Ratios have no unit, times are
/// training steps, rates are per step. Intervals are of the level that the fitter was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
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
    /// `ok`, or why there is no fit, or codes such as `offset not identified`, separated by `; `.
    pub status: String,
    /// Sum of squared residuals.
    pub sse: Option<f64>,
    /// 1 - SSE / SST.
    pub r2: Option<f64>,
    /// R2 adjusted for the number of parameters.
    pub r2_adjusted: Option<f64>,
    /// Akaike's criterion; lower is better.
    pub aic: Option<f64>,
    /// The same corrected for few points.
    pub aicc: Option<f64>,
    /// Akaike weight: the share of this hypothesis in the model-averaged curve, in 0 to 1; those
    /// of a trajectory add up to 1.
    pub weight: Option<f64>,
    /// Durbin and Watson's statistic of the residuals, in 0 to 4; 2 without autocorrelation,
    /// towards 0 where neighbours deviate together, as they do when the form is wrong.
    pub durbin_watson: Option<f64>,
    /// Probability of as few runs of equal sign among the residuals by chance (Wald and Wolfowitz).
    pub runs_p: Option<f64>,
    /// Condition number of the Jacobian by the five parameters, scaled; infinite where some
    /// combination of them is not identified.
    pub condition: Option<f64>,
    /// Amplitude A of Eq. 9, f(t) = A exp(-lambda x) ln(x) + K with x = gamma t + t0.
    #[cfg_attr(feature = "serde", serde(rename = "A"))]
    pub a: Option<f64>,
    /// Lower end of the interval of A; empty where it is open below.
    #[cfg_attr(feature = "serde", serde(rename = "A_lo"))]
    pub a_lo: Option<f64>,
    /// Upper end of the interval of A; empty where it is open above.
    #[cfg_attr(feature = "serde", serde(rename = "A_hi"))]
    pub a_hi: Option<f64>,
    /// Decay rate lambda of Eq. 9, at least 0.
    pub lambda: Option<f64>,
    /// Lower end of the interval of lambda; empty where it is open below.
    pub lambda_lo: Option<f64>,
    /// Upper end of the interval of lambda; empty where it is open above.
    pub lambda_hi: Option<f64>,
    /// Time scaling gamma of Eq. 9, per step.
    pub gamma: Option<f64>,
    /// Lower end of the interval of gamma; empty where it is open below.
    pub gamma_lo: Option<f64>,
    /// Upper end of the interval of gamma; empty where it is open above.
    pub gamma_hi: Option<f64>,
    /// Time offset t0 of Eq. 9.
    pub t0: Option<f64>,
    /// Lower end of the interval of t0; empty where it is open below.
    pub t0_lo: Option<f64>,
    /// Upper end of the interval of t0; empty where it is open above.
    pub t0_hi: Option<f64>,
    /// Asymptote K of Eq. 9.
    #[cfg_attr(feature = "serde", serde(rename = "K"))]
    pub k: Option<f64>,
    /// Lower end of the interval of K; empty where it is open below.
    #[cfg_attr(feature = "serde", serde(rename = "K_lo"))]
    pub k_lo: Option<f64>,
    /// Upper end of the interval of K; empty where it is open above.
    #[cfg_attr(feature = "serde", serde(rename = "K_hi"))]
    pub k_hi: Option<f64>,
    /// Decay rate beta = lambda gamma of f(t) = exp(-beta t) (A1 ln(t + tau0) + A2) + K, per step.
    pub beta: Option<f64>,
    /// Lower end of the interval of beta; empty where it is open below.
    pub beta_lo: Option<f64>,
    /// Upper end of the interval of beta; empty where it is open above.
    pub beta_hi: Option<f64>,
    /// Time offset tau0 = t0 / gamma, in steps.
    pub tau0: Option<f64>,
    /// Lower end of the interval of tau0; empty where it is open below.
    pub tau0_lo: Option<f64>,
    /// Upper end of the interval of tau0; empty where it is open above.
    pub tau0_hi: Option<f64>,
    /// Logarithmic amplitude A1 = A exp(-lambda t0).
    #[cfg_attr(feature = "serde", serde(rename = "A1"))]
    pub a1: Option<f64>,
    /// Lower end of the interval of A1; empty where it is open below.
    #[cfg_attr(feature = "serde", serde(rename = "A1_lo"))]
    pub a1_lo: Option<f64>,
    /// Upper end of the interval of A1; empty where it is open above.
    #[cfg_attr(feature = "serde", serde(rename = "A1_hi"))]
    pub a1_hi: Option<f64>,
    /// Constant amplitude A2 = A1 ln(gamma).
    #[cfg_attr(feature = "serde", serde(rename = "A2"))]
    pub a2: Option<f64>,
    /// The curve at the first step.
    pub f_first: Option<f64>,
    /// Lower end of the interval of `f_first`; empty where it is open below.
    pub f_first_lo: Option<f64>,
    /// Upper end of the interval of `f_first`; empty where it is open above.
    pub f_first_hi: Option<f64>,
    /// The curve at the last step.
    pub f_last: Option<f64>,
    /// Lower end of the interval of `f_last`; empty where it is open below.
    pub f_last_lo: Option<f64>,
    /// Upper end of the interval of `f_last`; empty where it is open above.
    pub f_last_hi: Option<f64>,
    /// The largest value of the curve between them.
    pub f_max: Option<f64>,
    /// Lower end of the interval of `f_max`; empty where it is open below.
    pub f_max_lo: Option<f64>,
    /// Upper end of the interval of `f_max`; empty where it is open above.
    pub f_max_hi: Option<f64>,
    /// First step at which the curve is half-way from `f_first` to `f_max` (to the smallest value
    /// where it falls).
    pub t_half: Option<f64>,
    /// Lower end of the interval of `t_half`; empty where it is open below.
    pub t_half_lo: Option<f64>,
    /// Upper end of the interval of `t_half`; empty where it is open above.
    pub t_half_hi: Option<f64>,
    /// Probability that the curve has a maximum inside the run.
    pub p_peak: Option<f64>,
    /// Step of that maximum, where there is one.
    pub t_peak: Option<f64>,
    /// Lower end of the interval of `t_peak`; empty where it is open below.
    pub t_peak_lo: Option<f64>,
    /// Upper end of the interval of `t_peak`; empty where it is open above.
    pub t_peak_hi: Option<f64>,
    /// Time constant of the first-order step, in steps.
    pub tau: Option<f64>,
    /// Natural frequency of the second-order step, per step.
    pub omega: Option<f64>,
    /// Damping ratio of the second-order step: below 1 it overshoots.
    pub zeta: Option<f64>,
    /// Midpoint of the logistic curve, in steps; negative where it has passed before the run.
    pub t_mid: Option<f64>,
}

/// One point of a fitted curve: a row of `curves.csv`, for plotting without evaluating a formula.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
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
    /// Lower end of the band of the curve; empty where there is none.
    pub value_lo: Option<f64>,
    /// Upper end of the band of the curve.
    pub value_hi: Option<f64>,
}

/// A forecast of a trajectory at one step from an earlier part of it: a row of `forecasts.csv`.
/// Values are ratios, without unit.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct Forecast {
    /// Name of the model.
    pub model: String,
    /// Layer, from 1.
    pub layer: u32,
    /// Number of points that were fitted.
    pub n: usize,
    /// Last step that was fitted.
    pub fitted_until: f64,
    /// Step of the forecast.
    pub step: f64,
    /// `ok`; that it is extrapolated, why it has no band, or why there is none.
    pub status: String,
    /// The average of the curves by their Akaike weights.
    pub average: Option<f64>,
    /// Lower end of the band.
    pub lo: Option<f64>,
    /// Upper end of the band.
    pub hi: Option<f64>,
    /// The emergence curve.
    pub emergence: Option<f64>,
    /// The curve without decay.
    pub log_only: Option<f64>,
    /// The baseline: the last value that was fitted.
    pub last_value: Option<f64>,
    /// The observed value there, if known.
    pub observed: Option<f64>,
}

impl Forecast {
    /// A forecast of a step beyond so many times the last fitted one is an extrapolation.
    pub const FAR: f64 = 4.0;

    /// Whether it is an extrapolation: a forecast beyond [`Forecast::FAR`] times the last fitted step.
    pub fn is_far(&self) -> bool {
        self.average.is_some() && self.step > Self::FAR * self.fitted_until
    }
}
