//! t_peak: the root of its equation, the largest value of the curve, never a trough.

use outcrop_fit::{
    Curve, CurveSummary, EmergenceCurve, FitOptions, Note, Observations, Posterior, fit,
    fit_emergence, lambert_w_of_exp,
};
use proptest::prelude::*;

use crate::simulate::{early_peak, eq9, observed, seeded, series, steps, trajectory, trial};

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// f' vanishes at x = exp(w) where 1/x = lambda ln x, that is w exp(w) = 1/lambda.
    #[test]
    fn the_peak_solves_its_equation_for_any_lambda(exponent in -300.0..300.0f64) {
        let l = -exponent * std::f64::consts::LN_10;
        let w = lambert_w_of_exp(l);
        prop_assert!(w.is_finite() && w > 0.0, "{l} {w}");
        prop_assert!((w + w.ln() - l).abs() <= 4e-15 * l.abs().max(1.0), "{l} {w}");
        prop_assert!(lambert_w_of_exp(l + 1e-3) > w);
    }
}

#[test]
fn w_has_its_known_values() {
    // scipy.special.lambertw 1.17
    for (x, expected) in [
        (1e-300f64, 1e-300),
        (1e-5, 9.999_900_001_499_974e-6),
        (0.1, 0.091_276_527_160_862_26),
        (10.0, 1.745_528_002_740_699_4),
        (1e3, 5.249_602_852_401_596),
        (1e10, 20.028_685_413_304_95),
        (1e300, 684.247_208_629_760_8),
    ] {
        let w = lambert_w_of_exp(x.ln());
        // the logarithm of the argument carries its own rounding
        assert!((w / expected - 1.0).abs() < 2e-13, "{x} {w}");
    }
}

/// Asserts that the summary of `curve` is what a dense search over the run finds.
fn agrees_with_a_search(curve: &EmergenceCurve, first: f64, last: f64) {
    let summary = CurveSummary::new(curve, first, last);
    let found = [summary.f_first, summary.f_last, summary.f_max];
    assert!(found.iter().all(|f| f.is_finite()), "{curve:?} {summary:?}");
    let count = 4_000;
    let share = |i: i32| f64::from(i) / f64::from(count);
    let even = (0..=count).map(|i| first + share(i) * (last - first));
    let early = (0..=count).map(|i| first + (share(i) * (last - first).ln_1p()).exp_m1());
    let values = even.chain(early).map(|t| curve.value(t.min(last)));
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for f in values {
        (least, most) = (least.min(f), most.max(f));
    }
    let rounding = 1e-9 * (most - least) + 1e-12 * most.abs().max(least.abs());
    assert!(
        (summary.f_max - most).abs() <= 1e-4 * (most - least) + rounding,
        "{curve:?} {summary:?} {most}"
    );
    assert!(
        summary.f_max >= most - rounding,
        "{curve:?} {summary:?} {most}"
    );
    match summary.t_peak {
        Some(t) => {
            assert!(first < t && t < last, "{t}");
            assert!(curve.value(t) >= most - rounding, "{curve:?} {t} {most}");
            assert_eq!(curve.maximum(), Some(t));
        }
        None => assert!(summary.f_first.max(summary.f_last) >= most - rounding),
    }
    if let Some(half) = summary.t_half {
        assert!((first..=last).contains(&half), "{half}");
    }
    if curve.finite_parameters().a1.is_some_and(|a1| a1 < 0.0) {
        assert_eq!((curve.maximum(), summary.t_peak), (None, None));
    }
}

#[test]
fn summaries_are_what_a_dense_search_finds() {
    let options = FitOptions::default().with_draws(100).unwrap();
    for trajectory in trial(23) {
        let series = outcrop_fit::Series::from_trajectory(&trajectory).unwrap();
        let observations = Observations::new(&series, &options).unwrap();
        let fit = outcrop_fit::Emergence::fit(&observations).unwrap();
        agrees_with_a_search(fit.curve(), series.first(), series.last());
        // curves that the data allow, odd ones among them
        for curve in Posterior::new(&observations, &fit)
            .curves()
            .iter()
            .step_by(9)
        {
            agrees_with_a_search(curve, series.first(), series.last());
        }
    }
}

#[test]
fn a_trough_is_no_peak_whatever_the_noise() {
    for seed in 0..20 {
        let f = eq9(-20.0, 5e-4, 0.5, 8.0, 300.0);
        let values = observed(f, 0.02, &mut seeded(seed));
        let curve = fit_emergence(&series(&values), &FitOptions::default()).unwrap();
        assert!(curve.curve().finite_parameters().a1.unwrap() < 0.0);
        assert_eq!((curve.t_peak(), curve.curve().maximum()), (None, None));
        let s = curve.summary();
        assert_eq!(s.f_max, s.f_first.max(s.f_last));
        assert!(!curve.notes().contains(&Note::PeakBeyond));
    }
}

#[test]
fn a_peak_beyond_the_run_is_named_and_empty() {
    for times in [1.5, 3.0, 10.0, 50.0] {
        // the peak lies at x = exp(w), w = 4; lambda = exp(-w) / w
        let gamma = 4f64.exp() / (times * 143e3);
        let f = eq9(100.0, (-4f64).exp() / 4.0, gamma, 40.0 * gamma, 2e3);
        let values = observed(f, 1e-9, &mut seeded(1));
        let curve = fit_emergence(&series(&values), &FitOptions::default()).unwrap();
        let peak = times * 143e3 - 40.0;
        let found = curve.curve().maximum().unwrap();
        assert!((found / peak - 1.0).abs() < 1e-2, "{found} {peak}");
        let row = &fit(&trajectory(&values), &FitOptions::default()).fits[0];
        assert!(row.status.contains("peak beyond the run"), "{}", row.status);
        assert!(row.quantity("t_peak").unwrap().is_empty());
    }
}

#[test]
fn a_peak_within_the_run_is_found_at_any_distance() {
    for peak in [30.0, 300.0, 3e3, 3e4, 1.2e5] {
        let gamma = 5f64.exp() / (peak + 10.0);
        let f = eq9(100.0, (-5f64).exp() / 5.0, gamma, 10.0 * gamma, 2e3);
        let curve = fit_emergence(
            &series(&steps().into_iter().map(f).collect::<Vec<_>>()),
            &FitOptions::default(),
        );
        let found = curve.unwrap().t_peak().unwrap();
        assert!((found / peak - 1.0).abs() < 1e-5, "{found} {peak}");
    }
    let curve = fit_emergence(
        &series(&observed(early_peak, 0.05, &mut seeded(3))),
        &FitOptions::default(),
    );
    assert!((500.0..8e3).contains(&curve.unwrap().t_peak().unwrap()));
}
