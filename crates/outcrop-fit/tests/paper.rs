//! The paper's procedure against SciPy's `curve_fit`, form by form and failure by failure
//! (tests/fixtures/export_paper_scipy.py).

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::HashMap;

use outcrop_core::table;
use outcrop_fit::Series;
use outcrop_fit::paper::{self, FittedForm, FormFailure, PaperCurve, PaperFit};

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

fn form<'a>(fit: &'a PaperFit, name: &str) -> &'a Result<FittedForm, FormFailure> {
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
            .or_insert_with(|| paper::fit(series, &paper::PaperOptions::default()));
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
    assert!(20 * same >= 19 * cases && 20 * equal >= 19 * both);
}

#[test]
fn with_curve_fits_own_limit_as_many_fail() {
    let trial = trial();
    let (mut cases, mut same, mut failed, mut failed_in_scipy) = (0, 0, 0, 0);
    for expected in scipy() {
        let series = &trial[&expected.series];
        let fit = paper::fit(series, &paper::PaperOptions::scipy());
        let found = form(&fit, &expected.form);
        // a search does not know its limit, so the longer one's length tells what becomes of it
        let converged = expected.converged.is_some_and(|(n, _)| n <= 500);
        cases += 1;
        same += usize::from(found.is_ok() == converged);
        failed += usize::from(found.is_err());
        failed_in_scipy += usize::from(!converged);
        if let Err(failure) = found {
            assert_eq!(failure, &FormFailure::Evaluations { limit: 500 });
        }
    }
    println!("{same} of {cases} alike; {failed} fail, in SciPy {failed_in_scipy}");
    assert!(20 * same >= 19 * cases);
}

#[test]
fn results_are_in_the_units_of_the_series() {
    let trial = trial();
    let series = &trial["s0117"];
    let mean = series.values().iter().sum::<f64>() / series.values().len() as f64;
    let total: f64 = series.values().iter().map(|y| (y - mean).powi(2)).sum();
    let fit = paper::fit(series, &paper::PaperOptions::default());
    for found in [fit.original.unwrap(), fit.reparametrised.unwrap()] {
        let points = series.steps().iter().zip(series.values());
        let sse: f64 = points
            .map(|(&t, y)| (found.curve.value(t) - y).powi(2))
            .sum();
        assert!((sse / found.sse - 1.0).abs() < 1e-9);
        assert!((found.r2 - (1.0 - sse / total)).abs() < 1e-12);
        let n = series.values().len() as f64;
        assert!((found.aic - (n * (sse / n).ln() + 10.0)).abs() < 1e-6);
    }
    let (original, other) = (
        fit.original.unwrap().curve,
        fit.reparametrised.unwrap().curve,
    );
    let PaperCurve::Original {
        a,
        lambda,
        gamma,
        t0,
        k,
    } = original
    else {
        panic!("{original:?}");
    };
    let PaperCurve::Reparametrised {
        a1,
        a2,
        beta,
        tau0,
        k: k2,
    } = other
    else {
        panic!("{other:?}");
    };
    // one optimum, reached twice: the forms map onto each other
    let pairs = [
        (lambda * gamma, beta),
        (t0 / gamma, tau0),
        (a * (-lambda * t0).exp(), a1),
        (a * (-lambda * t0).exp() * gamma.ln(), a2),
        (k, k2),
    ];
    assert!(
        pairs.iter().all(|(x, y)| (x / y - 1.0).abs() < 1e-3),
        "{pairs:?}"
    );
    let best = fit.best().unwrap();
    assert!(best.sse <= fit.original.unwrap().sse && best.sse <= fit.reparametrised.unwrap().sse);
}

#[test]
fn a_form_that_failed_is_not_the_best_one() {
    let trial = trial();
    let fit = paper::fit(&trial["s1989"], &paper::PaperOptions::scipy());
    assert!(fit.original.is_err());
    assert_eq!(fit.best(), fit.reparametrised.as_ref().ok());
    let fit = paper::fit(&trial["s1989"], &paper::PaperOptions { max_evaluations: 0 });
    assert_eq!(fit.original, Err(FormFailure::Evaluations { limit: 1 }));
    assert_eq!(fit.best(), None);
    let said = fit.original.unwrap_err().to_string();
    assert_eq!(said, "converge within 1 evaluations");
}
