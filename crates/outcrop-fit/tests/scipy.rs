//! Against SciPy's least squares in the textbook forms (tests/fixtures/export_scipy.py).

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use outcrop_core::{Fit, table};
use outcrop_fit::{FitOptions, fit};

fn fixture(name: &str) -> String {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_hypothesis_agrees_with_scipy() {
    let trial = table::trajectories_from(fixture("trial_series.csv").as_bytes(), "trial").unwrap();
    let text = fixture("scipy.csv");
    let mut compared = 0;
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |i: usize| cells[i].parse::<f64>().unwrap();
        let trajectory = trial.rows.iter().find(|t| t.model == cells[0]).unwrap();
        let options = FitOptions::paper_like();
        let found = fit(trajectory, &options.with_hypotheses(&[cells[1]]).unwrap());
        let row: &Fit = found
            .fits
            .iter()
            .find(|f| f.hypothesis == cells[1])
            .unwrap();
        let near = |ours: Option<f64>, scipy: f64, tolerance: f64| {
            let ours = ours.unwrap();
            assert!((ours - scipy).abs() <= tolerance, "{line}: {ours}");
        };
        // where the optimum is at beta = 0, SciPy's ln(beta) only comes close to it
        let (sse, scipy) = (row.sse.unwrap(), number(2));
        assert!(sse <= scipy * (1.0 + 1e-6), "{line}: {sse}");
        near(row.sse, scipy, 1e-4 * scipy);
        near(row.r2, number(3), 1e-5);
        near(row.aicc, number(4), 1e-3);
        let size = 1e-3 * row.value("f_max").unwrap();
        near(row.value("f_first"), number(5), size);
        near(row.value("f_last"), number(6), size);
        compared += 1;
    }
    assert_eq!(compared, 36);
}
