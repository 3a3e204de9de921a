/// Arithmetic mean; 0 of nothing.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Mean and standard deviation with n in the denominator, as scikit-learn's StandardScaler. The
/// deviation is 0 where the values differ by rounding alone.
pub(crate) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    weighted_mean_and_deviation(values, &vec![1.0; values.len()])
}

/// The same with a weight for each value.
pub(crate) fn weighted_mean_and_deviation(values: &[f64], weights: &[f64]) -> (f64, f64) {
    let total = weights.iter().sum::<f64>();
    let pairs = || values.iter().zip(weights);
    let mean = match total > 0.0 {
        true => pairs().map(|(v, w)| v * w).sum::<f64>() / total,
        false => 0.0,
    };
    let squares: f64 = pairs().map(|(v, w)| w * (v - mean).powi(2)).sum();
    let deviation = (squares / total).sqrt();
    let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    match deviation > 1e-10 * largest {
        true => (mean, deviation),
        false => (mean, 0.0),
    }
}
