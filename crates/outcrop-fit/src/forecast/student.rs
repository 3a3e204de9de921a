//! Quantiles of Student's distribution.

/// The quantile of Student's distribution, p from 0.5 to 1, to 1e-3 from 4 degrees of freedom and to 1 % from 2: the
/// expansion of Cornish and Fisher about the normal one (Abramowitz and Stegun 26.7.5).
pub(super) fn students_quantile(p: f64, freedom: f64) -> f64 {
    let z = normal_quantile(p);
    let (z3, z5, z7) = (z.powi(3), z.powi(5), z.powi(7));
    z + (z3 + z) / (4.0 * freedom)
        + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * freedom.powi(2))
        + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * freedom.powi(3))
}

/// The quantile of the normal distribution, p from 0.5 to 1, to 4.5e-4 (Hastings; Abramowitz and Stegun 26.2.23).
fn normal_quantile(p: f64) -> f64 {
    let t = (-2.0 * (1.0 - p).ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    t - above / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of tables.
    #[test]
    fn quantiles_of_students_distribution() {
        for (p, freedom, expected, error) in [
            (0.95, 5.0, 2.015, 2e-3),
            (0.95, 30.0, 1.697, 2e-3),
            (0.975, 10.0, 2.228, 2e-3),
            (0.9, 8.0, 1.397, 2e-3),
            (0.95, 1e9, 1.645, 2e-3),
            (0.95, 3.0, 2.353, 1e-2),
            (0.75, 3.0, 0.765, 2e-3),
            (0.995, 3.0, 5.841, 0.3),
        ] {
            let found = students_quantile(p, freedom);
            assert!((found - expected).abs() < error, "{p} {freedom}: {found}");
        }
    }
}
