//! Curves that are known: what is recovered, what is not identified, what is a peak.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use outcrop_core::Trajectory;
use outcrop_fit::{
    EMERGENCE, FIRST_ORDER_STEP, FitOptions, Note, SECOND_ORDER_STEP, Series, Weighting, fit,
    fit_all, fit_emergence,
};
use proptest::prelude::*;

/// 37 checkpoints, as the paper measures at least.
fn steps() -> Vec<f64> {
    let doubling = (0..10).map(|i| 2f64.powi(i));
    let thousands = (1..=10).map(|i| 1e3 * f64::from(i));
    let late = [15e3, 20e3, 25e3].into_iter();
    let tens = (3..15).map(|i| 1e4 * f64::from(i));
    let all = [0.0].into_iter().chain(doubling).chain(thousands);
    all.chain(late).chain(tens).chain([143e3]).collect()
}

fn series(f: impl Fn(f64) -> f64) -> Series {
    let steps = steps();
    let values: Vec<f64> = steps.iter().map(|&t| f(t)).collect();
    Series::new(&steps, &values).unwrap()
}

fn trajectory(f: impl Fn(f64) -> f64) -> Trajectory {
    let steps = steps();
    Trajectory {
        model: "m".into(),
        layer: 4,
        ratios: steps.iter().map(|&t| f(t)).collect(),
        stage: None,
        steps: steps.iter().map(|&t| t as u64).collect(),
        sem: Vec::new(),
    }
}

/// Noise that is the same everywhere: the fraction of a large sine, in -1 to 1.
fn noise(t: f64) -> f64 {
    seeded_noise(0.0, t)
}

fn seeded_noise(seed: f64, t: f64) -> f64 {
    2.0 * (((t * 12.9898 + 78.233 + 3.7 * seed).sin() * 43_758.545_3).rem_euclid(1.0)) - 1.0
}

/// Eq. 9 of the paper.
fn eq9(a: f64, lambda: f64, gamma: f64, t0: f64, k: f64) -> impl Fn(f64) -> f64 {
    move |t| {
        let x = gamma * t + t0;
        a * (-lambda * x).exp() * x.ln() + k
    }
}

fn close(found: Option<f64>, expected: f64, tolerance: f64) {
    let found = found.unwrap();
    let error = (found - expected).abs();
    assert!(error <= tolerance * expected.abs(), "{found} {expected}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_papers_parameters_come_back(
        log_tau0 in 1.0..3.0f64, log_beta in -5.0..-3.8f64, log_gamma in -1.5..1.0f64, a in 5.0..500.0f64
    ) {
        let (tau0, beta, gamma) = (10f64.powf(log_tau0), 10f64.powf(log_beta), 10f64.powf(log_gamma));
        let (lambda, t0) = (beta / gamma, tau0 * gamma);
        let f = eq9(a, lambda, gamma, t0, 12.0 * a);
        let curve = fit_emergence(&series(&f), &FitOptions::paper_like()).unwrap();
        let p = curve.parameters();
        close(p.beta, beta, 1e-4);
        close(p.tau0, tau0, 1e-4);
        close(p.a, a, 1e-3);
        close(p.lambda, lambda, 1e-2);
        close(p.gamma, gamma, 1e-2);
        close(p.t0, t0, 1e-2);
        close(p.k, 12.0 * a, 1e-3);
        // f' changes its sign where 1/x = lambda ln x
        if let Some(t) = curve.t_peak() {
            let x = gamma * t + t0;
            prop_assert!((1.0 / x - lambda * x.ln()).abs() < 1e-4 / x, "{t}");
            let beside = f(t).max(f(t * 0.99)).max(f(t * 1.01));
            prop_assert!(f(t) >= beside * (1.0 - 1e-12));
            close(Some(curve.summary().f_max), f(t), 1e-6);
        }
    }

    #[test]
    fn units_do_not_matter(scale in 0.01..100.0f64, stretch in 0.1..10.0f64, relative: bool) {
        let f = |t: f64| (1.0 + 0.05 * noise(t)) * eq9(60.0, 3e-4, 0.1, 3.0, 10.0)(t);
        let weighting = if relative { Weighting::Relative } else { Weighting::Raw };
        let options = FitOptions::default().with_weighting(weighting);
        let stretched = options.clone().with_min_tau0(stretch).unwrap().with_max_beta(10.0 / stretch).unwrap();
        let curve = fit_emergence(&series(f), &options).unwrap();
        let times: Vec<f64> = steps().iter().map(|t| t * stretch).collect();
        let values: Vec<f64> = steps().iter().map(|&t| scale * f(t)).collect();
        let other = fit_emergence(&Series::new(&times, &values).unwrap(), &stretched).unwrap();
        close(Some(other.goodness().sse), scale * scale * curve.goodness().sse, 1e-6);
        close(Some(other.curve().beta()), curve.curve().beta() / stretch, 1e-4);
        close(Some(other.curve().tau0()), curve.curve().tau0() * stretch, 1e-4);
        for t in [0.0, 77.0, 143e3] {
            close(Some(other.value(t * stretch)), scale * curve.value(t), 1e-5);
        }
        close(other.summary().t_half, stretch * curve.summary().t_half.unwrap(), 1e-4);
    }
}

#[test]
fn t_peak_is_where_the_curve_is_largest() {
    let f = |t: f64| (1.0 + 0.03 * noise(t)) * eq9(200.0, 2e-4, 0.5, 8.0, 30.0)(t);
    let curve = fit_emergence(&series(f), &FitOptions::default()).unwrap();
    let points = (0..=1_430_000).map(|i| 0.1 * f64::from(i));
    let highest = points.max_by(|a, b| curve.value(*a).total_cmp(&curve.value(*b)));
    assert!((curve.t_peak().unwrap() - highest.unwrap()).abs() <= 0.1);
}

#[test]
fn a_trough_is_no_peak() {
    let f = eq9(-20.0, 5e-4, 0.5, 8.0, 300.0);
    let curve = fit_emergence(&series(f), &FitOptions::default()).unwrap();
    assert!(curve.parameters().a1.unwrap() < 0.0);
    assert_eq!(curve.t_peak(), None);
    let s = curve.summary();
    assert!(s.f_max == s.f_first || s.f_max == s.f_last);
}

#[test]
fn a_logarithm_without_decay_keeps_what_is_identified() {
    let f = |t: f64| (1.0 + 0.02 * noise(t)) * (40.0 * (t + 300.0).ln() - 200.0);
    let curve = fit_emergence(&series(f), &FitOptions::default()).unwrap();
    let p = curve.parameters();
    assert!(curve.notes().contains(&Note::Decay), "{:?}", curve.notes());
    assert_eq!(
        (p.k, p.beta, p.lambda, p.gamma, p.a2),
        (None, None, None, None, None)
    );
    close(p.a1, 40.0, 0.1);
    close(
        Some(curve.summary().f_last),
        40.0 * 143_300f64.ln() - 200.0,
        0.03,
    );
    // without noise beta = 0 is the border of the plane: the curve is exact all the same
    let f = |t: f64| 40.0 * (t + 300.0).ln() - 200.0;
    let curve = fit_emergence(&series(f), &FitOptions::paper_like()).unwrap();
    assert!((curve.value(5e4) - f(5e4)).abs() < 1e-6);
}

#[test]
fn the_limits_of_the_curve_are_named() {
    let status =
        |f: &dyn Fn(f64) -> f64| fit(&trajectory(f), &FitOptions::default()).fits[0].clone();
    let exponential = status(&|t| (50.0 - 40.0 * (-t / 5e3).exp()) * (1.0 + 0.02 * noise(t)));
    assert!(
        exponential.status.contains("logarithm not identified"),
        "{}",
        exponential.status
    );
    assert_eq!(
        (exponential.value("A"), exponential.value("tau0")),
        (None, None)
    );
    close(exponential.value("K"), 50.0, 0.05);
    let late = status(&|t| eq9(100.0, 1e-5, 0.05, 5.0, 10.0)(t) * (1.0 + 1e-4 * noise(t)));
    assert!(
        late.status.contains("peak beyond the run"),
        "{}",
        late.status
    );
    assert_eq!(late.value("t_peak"), None);
}

#[test]
fn the_hypothesis_that_made_the_series_is_best() {
    let best = |f: &dyn Fn(f64) -> f64, options: &FitOptions| {
        let fits = fit(&trajectory(f), options).fits;
        fits.into_iter().find(|f| f.best).unwrap().hypothesis
    };
    let peak = eq9(200.0, 2e-4, 0.5, 8.0, 30.0);
    let first = |t: f64| 50.0 - 40.0 * (-t / 5e3).exp();
    let second = |t: f64| 50.0 - 40.0 * (1.0 + t / 5e3) * (-t / 5e3).exp();
    let made: [(&dyn Fn(f64) -> f64, &str); 3] = [
        (&peak, EMERGENCE),
        (&first, FIRST_ORDER_STEP),
        (&second, SECOND_ORDER_STEP),
    ];
    for (curve, hypothesis) in made {
        let found = |seed: &i32| {
            let noisy = |t: f64| curve(t) * (1.0 + 0.03 * seeded_noise(f64::from(*seed), t));
            best(&noisy, &FitOptions::default()) == hypothesis
        };
        let share = (0..20).filter(found).count();
        assert!(share >= 14, "{hypothesis}: {share} of 20");
    }
    // between perfect fits, the one with fewer parameters
    for options in [FitOptions::default(), FitOptions::paper_like()] {
        assert_eq!(best(&first, &options), FIRST_ORDER_STEP);
    }
}

#[test]
fn noise_around_a_constant_is_flat() {
    let flat = |seed: &i32| {
        let f = |t: f64| 50.0 * (1.0 + 0.05 * seeded_noise(f64::from(*seed), t));
        let row = &fit(&trajectory(f), &FitOptions::default()).fits[0];
        let is_flat = row.status == "flat";
        assert!(
            !is_flat
                || ["K", "t_peak", "A"]
                    .iter()
                    .all(|name| row.value(name).is_none())
        );
        is_flat
    };
    let share = (0..20).filter(flat).count();
    assert!(share >= 17, "{share} of 20");
}

#[test]
fn half_way_is_half_way() {
    let fits = fit(
        &trajectory(|t| 50.0 - 40.0 * (-t / 5e3).exp()),
        &FitOptions::default(),
    )
    .fits;
    let half = 5e3 * 2f64.ln();
    close(fits[3].value("t_half"), half, 1e-4);
    close(fits[0].value("t_half"), half, 1e-3);
}

#[test]
fn bad_series_are_named_and_stop_no_other() {
    let good = trajectory(|t| 50.0 - 40.0 * (-t / 5e3).exp());
    let broken = |change: &dyn Fn(&mut Trajectory)| {
        let mut t = good.clone();
        change(&mut t);
        t
    };
    let all = [
        broken(&|t| t.ratios[3] = f64::NAN),
        broken(&|t| t.ratios[3] = -1.5),
        broken(&|t| t.ratios[3] = f64::INFINITY),
        broken(&|t| t.steps.swap(2, 3)),
        broken(&|t| t.steps[4] = t.steps[3]),
        broken(&|t| t.ratios.iter_mut().for_each(|r| *r = 7.5)),
        broken(&|t| t.ratios.truncate(5)),
        broken(&|t| {
            t.steps.truncate(6);
            t.ratios.truncate(6);
        }),
        good.clone(),
    ];
    let fits = fit_all(&all, &FitOptions::default());
    let expected = [
        "value NaN at step 4",
        "value -1.5 at step 4",
        "value inf at step 4",
        "step 2 (value",
        "step 4 (value",
        "all 37 values are 7.5",
        "37 steps but 5 values",
        "it has 6 points, at least 7",
    ];
    for (found, text) in fits.iter().zip(expected) {
        let row = &found.fits[0];
        assert_eq!(
            (found.fits.len(), row.sse, found.curves.len()),
            (1, None, 0)
        );
        assert!(row.status.contains("model `m`, layer 4"), "{}", row.status);
        assert!(row.status.contains(text), "{text}: {}", row.status);
    }
    assert_eq!(fits[8], fit(&good, &FitOptions::default()));
    assert_eq!(fits[8].fits.len(), 6);
}

#[test]
fn seven_points_are_fitted_but_too_few_for_aicc_of_five_parameters() {
    let mut t = trajectory(|t| 5.0 + (t + 2.0).ln());
    t.steps.truncate(7);
    t.ratios.truncate(7);
    let found = fit(&t, &FitOptions::default());
    assert_eq!(found.fits.len(), 6);
    assert!(found.fits[0].r2.unwrap() > 0.999);
    assert_eq!(found.fits[0].aicc, None);
}
