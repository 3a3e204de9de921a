/// Arithmetic mean; 0 of nothing.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Mean and standard deviation with n in the denominator, as scikit-learn's StandardScaler. The
/// deviation is 0 where the values differ by rounding alone.
pub(crate) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    let deviation = (squares / values.len().max(1) as f64).sqrt();
    let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    match deviation > 1e-10 * largest {
        true => (mean, deviation),
        false => (mean, 0.0),
    }
}

/// The same with a weight for each value; the weights have mean 1.
pub(crate) fn weighted_mean_and_deviation(values: &[f64], weights: &[f64]) -> (f64, f64) {
    let total: f64 = weights.iter().sum();
    let sum = |f: &dyn Fn(f64) -> f64| -> f64 {
        values.iter().zip(weights).map(|(v, w)| w * f(*v)).sum()
    };
    let mean = sum(&|v| v) / total;
    let deviation = (sum(&|v| (v - mean).powi(2)) / total).sqrt();
    match mean_and_deviation(values).1 > 0.0 && deviation > 0.0 {
        true => (mean, deviation),
        false => (mean, 0.0),
    }
}
