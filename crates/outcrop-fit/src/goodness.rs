use crate::weights::Scaled;

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
    /// 1 - (SSE / (n - p)) / (SST / (n - 1)), p parameters; empty where n <= p.
    pub r2_adjusted: Option<f64>,
    /// Akaike's criterion as the paper has it, n ln(SSE / n) + 2 p, unweighted, p parameters.
    pub aic: f64,
    /// Akaike's criterion corrected for few points,
    /// n ln(WSSE / n) - sum ln w_i + 2 k n / (n - k - 1),
    /// where WSSE is the weighted sum of squares, w_i are the weights (1, 1/f^2, ...), so that
    /// curves fitted with different weights compare, and n counts the points with any weight; the
    /// constant n (1 + ln 2 pi) is left out. Empty where n <= k + 1, for there it is not defined.
    /// Residuals below 1e-12 of the values count as rounding: between two perfect fits the one
    /// with fewer parameters wins. Source: Hurvich and Tsai (1989), Biometrika 76:297.
    pub aicc: Option<f64>,
    /// Durbin and Watson's statistic of the weighted residuals in the order of the steps, in 0 to
    /// 4: near 2 without autocorrelation, towards 0 where neighbours deviate together. Source:
    /// Durbin and Watson (1950), Biometrika 37:409.
    pub durbin_watson: f64,
    /// Probability that chance arranges the signs of the residuals in as few runs; empty without
    /// residuals of both signs. Source: Wald and Wolfowitz (1940), Annals of Mathematical
    /// Statistics 11:147.
    pub runs_p: Option<f64>,
}

/// Below this `runs_p` the residuals are not independent.
const FEW_RUNS: f64 = 0.01;

impl Goodness {
    pub(crate) fn new(scaled: &Scaled<'_>, fitted: &[f64], weighted: f64, p: usize) -> Self {
        let values = scaled.series().values();
        let (n, k) = (values.len(), p + 1);
        let mean = values.iter().sum::<f64>() / n as f64;
        let sse = values
            .iter()
            .zip(fitted)
            .map(|(y, f)| (y - f).powi(2))
            .sum::<f64>();
        let sst = values.iter().map(|y| (y - mean).powi(2)).sum::<f64>();
        let adjusted = |p: usize| 1.0 - sse / (n - p) as f64 / (sst / (n - 1) as f64);
        // rounding has no signs to speak of
        let smallest = (ROUNDING * ROUNDING * scaled.power() / n as f64).sqrt();
        let residuals: Vec<f64> = (0..n)
            .map(|i| scaled.scales[i] * (values[i] - fitted[i]) / scaled.unit)
            .map(|r| if r.abs() < smallest { 0.0 } else { r })
            .collect();
        Self {
            n,
            k,
            sse,
            r2: 1.0 - sse / sst,
            r2_adjusted: (n > p).then(|| adjusted(p)),
            aic: n as f64 * (sse.max(f64::MIN_POSITIVE) / n as f64).ln() + 2.0 * p as f64,
            aicc: aicc(scaled, weighted, k),
            durbin_watson: durbin_watson(&residuals),
            runs_p: runs(&residuals),
        }
    }

    /// Whether neighbouring residuals share their sign more often than chance allows (1 %).
    pub fn is_autocorrelated(&self) -> bool {
        self.runs_p.is_some_and(|p| p < FEW_RUNS)
    }
}

/// Residuals below this share of the values are rounding: tables hold some twelve digits.
const ROUNDING: f64 = 1e-12;

/// `sse`, but no less than what rounding leaves of a perfect fit; above 0 also where every value
/// with any weight is 0.
pub(crate) fn above_rounding(scaled: &Scaled<'_>, sse: f64) -> f64 {
    sse.max(ROUNDING * ROUNDING * scaled.power())
        .max(f64::MIN_POSITIVE)
}

fn aicc(scaled: &Scaled<'_>, sse: f64, k: usize) -> Option<f64> {
    if scaled.count() <= k + 1 {
        return None;
    }
    let (n, k) = (scaled.count() as f64, k as f64);
    // unit^2 times the variance could be too small or too large for a number
    let log_variance = (above_rounding(scaled, sse) / n).ln() + 2.0 * scaled.unit.ln();
    let weighted = scaled.scales.iter().filter(|s| **s > 0.0);
    let log_weights: f64 = weighted.map(|s| 2.0 * s.ln()).sum();
    Some(n * log_variance - log_weights + 2.0 * k * n / (n - k - 1.0))
}

/// The median absolute deviation of normal noise, in standard deviations.
const MEDIAN_DEVIATION: f64 = 0.6745;
/// Relative scatter that is rounding.
const ROUNDING_SCATTER: f64 = 1e-9;

/// Standard deviation from the median of absolute relative residuals, five of which the curve took.
pub(crate) fn standard_deviation(sizes: &[f64]) -> f64 {
    let mut sorted = sizes.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    let middle = 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]);
    let left = n as f64 / (n as f64 - 5.0);
    (middle / MEDIAN_DEVIATION * left.sqrt()).max(ROUNDING_SCATTER)
}

fn durbin_watson(residuals: &[f64]) -> f64 {
    let power: f64 = residuals.iter().map(|r| r * r).sum();
    let changes: f64 = residuals.windows(2).map(|w| (w[1] - w[0]).powi(2)).sum();
    if power > 0.0 { changes / power } else { 2.0 }
}

/// P(at most as many runs of equal sign), given how many residuals have each sign.
fn runs(residuals: &[f64]) -> Option<f64> {
    let signs: Vec<bool> = residuals
        .iter()
        .filter(|r| **r != 0.0)
        .map(|r| *r > 0.0)
        .collect();
    let above = signs.iter().filter(|s| **s).count();
    let below = signs.len() - above;
    if above == 0 || below == 0 {
        return None;
    }
    let observed = 1 + signs.windows(2).filter(|w| w[0] != w[1]).count();
    let mut logs = vec![0.0; signs.len() + 1];
    for i in 1..logs.len() {
        logs[i] = logs[i - 1] + (i as f64).ln();
    }
    // in logarithms: a thousand residuals have more arrangements than a number can hold
    let choose = |n: usize, k: usize| match n.checked_sub(k) {
        Some(rest) => logs[n] - logs[k] - logs[rest],
        None => f64::NEG_INFINITY,
    };
    let all = choose(signs.len(), above);
    let split = |a: usize, b: usize| {
        let parts = choose(above - 1, a - 1) + choose(below - 1, b - 1);
        (parts - all).exp()
    };
    let probability = |runs: usize| match (runs / 2, runs % 2) {
        (half, 0) => 2.0 * split(half, half),
        (half, _) => split(half + 1, half) + split(half, half + 1),
    };
    Some((2..=observed).map(probability).sum::<f64>().min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_counted_over_all_arrangements() {
        // 2 above and 3 below, in 10 arrangements: 2 of them have two runs, 5 at most three
        let two = runs(&[1.0, 1.0, -1.0, -1.0, -1.0]);
        assert!((two.unwrap() - 0.2).abs() < 1e-12);
        let three = runs(&[-1.0, 1.0, 1.0, -1.0, -1.0]);
        assert!((three.unwrap() - 0.5).abs() < 1e-12);
        let all = runs(&[-1.0, 1.0, -1.0, 1.0, -1.0]);
        assert!((all.unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(runs(&[1.0, 2.0]), None);
    }

    /// Of many residuals the number of runs is nearly normal, with mean 1 + n / 2 and variance
    /// n / 4 where half of them are above.
    #[test]
    fn runs_of_many_residuals() {
        let signs = |period: usize| -> Vec<f64> {
            let sign = |i: usize| {
                if (i / period).is_multiple_of(2) {
                    1.0
                } else {
                    -1.0
                }
            };
            (0..20_000).map(sign).collect()
        };
        assert!(runs(&signs(3)).unwrap() < 1e-100);
        assert!((runs(&signs(1)).unwrap() - 1.0).abs() < 1e-9);
        // pairs of signs, which have as many runs as chance gives on average
        let half = runs(&signs(2)).unwrap();
        assert!((half - 0.5).abs() < 0.02, "{half}");
    }

    #[test]
    fn alternating_residuals_have_a_large_statistic() {
        assert_eq!(durbin_watson(&[1.0, -1.0, 1.0, -1.0]), 3.0);
        assert_eq!(durbin_watson(&[1.0, 1.0, 1.0, 1.0]), 0.0);
    }
}
