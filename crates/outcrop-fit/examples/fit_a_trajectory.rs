//! Fits one simulated layer and reads the rows as a table.

use outcrop_core::{Trajectory, table};
use outcrop_fit::{FitOptions, fit};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Eq. 9 of the paper with A = 200, lambda = 2e-4, gamma = 0.5, t0 = 8, K = 30
    let f = |t: f64| {
        let x = 0.5 * t + 8.0;
        200.0 * (-2e-4 * x).exp() * x.ln() + 30.0
    };
    let mut steps: Vec<u64> = (0..30).map(|i| 1.5f64.powi(i) as u64 - 1).collect();
    steps.dedup();
    let trajectory = Trajectory {
        model: "simulated".into(),
        layer: 1,
        ratios: steps.iter().map(|&t| f(t as f64)).collect(),
        stage: None,
        steps,
        sem: Vec::new(),
    };
    let found = fit(&trajectory, &FitOptions::default());
    let emergence = &found.fits[0];
    assert!(emergence.best);
    assert!(
        emergence
            .value("lambda")
            .is_some_and(|lambda| (lambda / 2e-4 - 1.0).abs() < 1e-3)
    );
    // f' = 0 where 1/x = lambda ln x, which is at x = 754.6
    assert!(
        emergence
            .value("t_peak")
            .is_some_and(|t| (t - 1493.2).abs() < 1.0)
    );
    let csv = String::from_utf8(table::rows_to_csv(&found.fits)?)?;
    assert!(csv.starts_with("model,layer,hypothesis,n,best,status"));
    Ok(())
}
