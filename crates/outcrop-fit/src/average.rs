//! Averages over hypotheses by Akaike weights (Burnham and Anderson, 2002, Model Selection and
//! Multimodel Inference, chapter 4).

/// The weight exp(-AICc / 2) of each hypothesis, scaled so that they add up to 1; empty where the
/// hypothesis has no AICc.
///
/// ```
/// use outcrop_fit::akaike_weights;
///
/// let weights = akaike_weights(&[Some(10.0), None, Some(12.0)]);
/// let share = 1.0 / (1.0 + (-1.0f64).exp());
/// assert_eq!(weights[1], None);
/// assert!((weights[0].unwrap() - share).abs() < 1e-15);
/// ```
pub fn akaike_weights(aicc: &[Option<f64>]) -> Vec<Option<f64>> {
    let lowest = aicc.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    let likelihood = |a: f64| (0.5 * (lowest - a)).exp();
    let total: f64 = aicc.iter().flatten().map(|a| likelihood(*a)).sum();
    let weight = |a: &Option<f64>| a.map(|a| likelihood(a) / total);
    aicc.iter().map(weight).collect()
}
