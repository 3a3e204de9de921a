use crate::{Quantities, Quantity};

/// One curve fitted to one trajectory: a row of `fits.csv`. It holds what every fit has, and a list of the
/// quantities that its hypothesis gives. What the data do not identify is empty. Ratios have no unit, times are
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
    /// What the hypothesis says beyond this: its parameters and what its curve does. Which these are, with unit
    /// and range, is declared where the hypothesis is.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub quantities: Quantities,
}

impl Fit {
    /// The quantity of that name, such as `t_peak`; none where the hypothesis does not have it.
    ///
    /// ```
    /// use outcrop_core::{Fit, Quantity};
    ///
    /// let peak = Quantity::new("t_peak", 6010.0).between(5200.0, 7100.0);
    /// let fit = Fit { quantities: [peak].into(), ..Fit::default() };
    /// assert_eq!(fit.quantity("t_peak").and_then(|peak| peak.hi), Some(7100.0));
    /// assert_eq!(fit.value("t_peak"), Some(6010.0));
    /// assert_eq!(fit.value("A"), None);
    /// ```
    pub fn quantity(&self, name: &str) -> Option<&Quantity> {
        self.quantities.get(name)
    }

    /// The value of the quantity of that name; none where it is not identified, or not there.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.quantities.value(name)
    }

    /// The ends of its interval, lower and upper; an end is none where it is open, both where there is none.
    pub fn interval(&self, name: &str) -> [Option<f64>; 2] {
        self.quantity(name).map_or([None; 2], |q| [q.lo, q.hi])
    }
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
    /// The forecast: the average of the curves by their Akaike weights, or, where the learning rates of the run are known,
    /// the trend in schedule time.
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
