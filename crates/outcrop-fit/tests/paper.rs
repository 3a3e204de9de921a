//! The paper's procedure against SciPy's `curve_fit`, form by form and failure by failure
//! (tests/fixtures/export_paper_scipy.py).

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::HashMap;

use outcrop_core::table;
use outcrop_fit::Series;
use outcrop_fit::paper::{self, Failure, Fitted, PaperFit};

fn fixture(name: &str) -> String {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

fn trial() -> HashMap<String, Series> {
    let text = fixture("trial_series.csv");
    let rows = table::trajectories_from(text.as_bytes(), "trial")
        .unwrap()
        .rows;
    let named = rows
        .iter()
        .map(|t| (t.model.clone(), Series::from_trajectory(t).unwrap()));
    named.collect()
}

/// What SciPy made of one form of one series.
struct Scipy {
    series: String,
    form: String,
    /// Evaluations and sum of squares, where it converged.
    converged: Option<(usize, f64)>,
}

fn scipy() -> Vec<Scipy> {
    let line = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let converged = cells[2] == "converged";
        Scipy {
            series: cells[0].into(),
            form: cells[1].into(),
            converged: converged.then(|| (cells[3].parse().unwrap(), cells[4].parse().unwrap())),
        }
    };
    fixture("paper_scipy.csv")
        .lines()
        .skip(1)
        .map(line)
        .collect()
}

fn form<'a>(fit: &'a PaperFit, name: &str) -> &'a Result<Fitted, Failure> {
    match name {
        "original" => &fit.original,
        _ => &fit.reparametrised,
    }
}

#[test]
fn each_form_ends_where_scipys_does() {
    let trial = trial();
    let total = |series: &Series| {
        let mean = series.values().iter().sum::<f64>() / series.values().len() as f64;
        series
            .values()
            .iter()
            .map(|y| (y - mean).powi(2))
            .sum::<f64>()
    };
    let mut fits: HashMap<String, PaperFit> = HashMap::new();
    let (mut cases, mut same, mut both, mut equal, mut paths) = (0, 0, 0, 0, 0);
    for expected in scipy() {
        let series = &trial[&expected.series];
        let fit = fits
            .entry(expected.series.clone())
            .or_insert_with(|| paper::fit(series, &paper::Options::default()));
        let found = form(fit, &expected.form);
        cases += 1;
        let alike = found.is_ok() == expected.converged.is_some();
        same += usize::from(alike);
        let mut agree = alike;
        if let (Ok(found), Some((evaluations, sse))) = (found, expected.converged) {
            both += 1;
            // below 1e-10 of SST a sum of squares is the tolerance's, not the data's
            agree = (found.sse - sse).abs() <= 1e-3 * sse + 1e-10 * total(series);
            equal += usize::from(agree);
            paths += usize::from(found.evaluations == evaluations);
        }
        if !agree {
            let (series, form) = (expected.series, expected.form);
            println!("{series} {form}: {found:?}, SciPy {:?}", expected.converged);
        }
    }
    println!(
        "{cases} fits: {same} succeed or fail alike, {both} succeed in both, of which {equal} with \
         equal sums of squares and {paths} after equally many evaluations"
    );
    assert_eq!(cases, 138);
    assert!(10 * same >= 9 * cases && 10 * equal >= 9 * both);
}
