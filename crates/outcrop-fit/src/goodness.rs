use crate::Series;
use crate::weighting::{Fitted, Scaled};

/// How well a curve fits its series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goodness {
    /// Number of points.
    pub n: usize,
    /// Number of estimated quantities: the parameters of the curve and the noise variance.
    pub k: usize,
    /// Sum of squared residuals, unweighted, in squared units of the values.
    pub sse: f64,
    /// 1 - SSE / SST, unweighted; at most 1.
    pub r2: f64,
    /// Akaike's criterion corrected for few points,
    /// n ln(WSSE / n) - sum ln w_i + 2 k n / (n - k - 1),
    /// where WSSE is the weighted sum of squares and w_i are the weights (1, or 1/f^2), so that
    /// curves fitted with different weights compare; the constant n (1 + ln 2 pi) is left out.
    /// Empty where n <= k + 1, for there it is not defined. Residuals below 1e-12 of the
    /// values count as rounding: between two perfect fits the one with fewer parameters wins.
    /// Source: Hurvich and Tsai (1989), Biometrika 76:297.
    pub aicc: Option<f64>,
}

impl Goodness {
    pub(crate) fn new(series: &Series, scaled: &Scaled<'_>, fitted: &Fitted, k: usize) -> Self {
        let n = series.values().len();
        let mean = series.values().iter().sum::<f64>() / n as f64;
        let pairs = series.values().iter().zip(&fitted.values);
        let sse = pairs.map(|(y, f)| (y - f).powi(2)).sum::<f64>();
        let values = series.values().iter();
        let sst = values.map(|y| (y - mean).powi(2)).sum::<f64>();
        Self {
            n,
            k,
            sse,
            r2: 1.0 - sse / sst,
            aicc: aicc(scaled, fitted.optimum.inner.sse, n, k),
        }
    }
}

/// Residuals below this share of the values are rounding: tables hold some twelve digits.
const ROUNDING: f64 = 1e-12;

/// `sse`, but no less than what rounding leaves of a perfect fit.
pub(crate) fn above_rounding(scaled: &Scaled<'_>, sse: f64) -> f64 {
    sse.max(ROUNDING * ROUNDING * scaled.power())
}

fn aicc(scaled: &Scaled<'_>, sse: f64, n: usize, k: usize) -> Option<f64> {
    if n <= k + 1 {
        return None;
    }
    let (n, k) = (n as f64, k as f64);
    let variance = above_rounding(scaled, sse) / n * scaled.unit * scaled.unit;
    let log_weights: f64 = scaled.scales.iter().map(|s| 2.0 * s.ln()).sum();
    Some(n * variance.ln() - log_weights + 2.0 * k * n / (n - k - 1.0))
}
