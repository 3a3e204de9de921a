//! The covariance against `scipy.optimize.curve_fit` (tests/fixtures/export_scipy.py).

use outcrop_fit::{FitOptions, fit_emergence};

use crate::simulate::{fixture, trial_named};

#[test]
fn the_covariance_is_that_of_curve_fit() {
    let text = fixture("scipy_covariance.csv");
    let mut models = 0;
    for line in text.lines().skip(1) {
        let (model, entries) = line.split_once(',').unwrap();
        let entries: Vec<f64> = entries.split(',').map(|x| x.parse().unwrap()).collect();
        let fit = fit_emergence(&trial_named(model), &FitOptions::paper_like()).unwrap();
        let found = fit.covariance().unwrap();
        for i in 0..5 {
            for j in 0..5 {
                let (ours, scipy) = (found.matrix[i][j], entries[5 * i + j]);
                let size = (entries[6 * i] * entries[6 * j]).sqrt();
                let error = (ours - scipy).abs();
                assert!(error <= 1e-3 * size, "{model} {i} {j}: {ours} {scipy}");
            }
        }
        models += 1;
    }
    assert_eq!(models, 3);
}
