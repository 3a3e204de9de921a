//! Curves of any observable: of either sign, bounded, on a logarithmic or logistic scale.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use outcrop_core::Trajectory;
use outcrop_fit::{
    EMERGENCE, FIRST_ORDER_STEP, FitOptions, LOGISTIC, ValueScale, ValueShape, Weighting, fit,
    fit_observable,
};

fn steps() -> Vec<u64> {
    let doubling = (0..10).map(|i| 1 << i);
    let even = (1..=30).map(|i| 1000 * i);
    [0].into_iter().chain(doubling).chain(even).collect()
}

fn trajectory(f: impl Fn(f64) -> f64) -> Trajectory {
    Trajectory {
        model: "m".into(),
        layer: 4,
        ratios: steps().iter().map(|&t| f(t as f64)).collect(),
        steps: steps(),
        ..Trajectory::default()
    }
}

/// Sums of uniform numbers, nearly normal with variance 1.
fn noise(seed: u64, t: f64) -> f64 {
    let part = |i: u32| {
        let x = (t * 12.9898 + 3.7 * seed as f64 + 91.7 * f64::from(i)).sin() * 43_758.545_3;
        x.rem_euclid(1.0) - 0.5
    };
    (0..12).map(part).sum()
}

fn only(names: &[&str]) -> FitOptions {
    FitOptions::default().with_hypotheses(names).unwrap()
}

fn logit(x: f64) -> f64 {
    (x / (1.0 - x)).ln()
}

#[test]
fn a_ratio_is_fitted_as_ever() {
    let ratio = trajectory(|t| (50.0 - 40.0 * (-t / 5e3).exp()) * (1.0 + 0.03 * noise(1, t)));
    let options = FitOptions::default();
    let found = fit_observable(&ratio, &ValueShape::ratio(), &options);
    assert_eq!(found, fit(&ratio, &options));
}

/// The level does not matter where values have either sign, and neither does the sign.
#[test]
fn values_of_either_sign() {
    let f = |t: f64| 3.0 - 7.0 * (-t / 5e3).exp() + 0.2 * noise(2, t);
    let options = only(&[EMERGENCE, FIRST_ORDER_STEP]);
    let of = |f: &dyn Fn(f64) -> f64| {
        fit_observable(&trajectory(f), &ValueShape::signed(), &options).fits
    };
    let (found, lower, turned) = (of(&f), of(&|t| f(t) - 100.0), of(&|t| -f(t)));
    let value = |fits: &[outcrop_core::Fit], name: &str| fits[1].value(name).unwrap();
    assert!((value(&found, "tau") / 5e3 - 1.0).abs() < 0.1);
    for (name, level) in [
        ("tau", 0.0),
        ("K", 0.0),
        ("f_first", 100.0),
        ("f_last", 100.0),
    ] {
        let (a, b) = (value(&found, name), value(&lower, name) + level);
        assert!((a / b - 1.0).abs() < 1e-4, "{name}: {a} {b}");
    }
    assert!((value(&found, "K") / value(&turned, "K") + 1.0).abs() < 1e-6);
    assert!((found[0].sse.unwrap() / lower[0].sse.unwrap() - 1.0).abs() < 1e-6);
}

/// On the log scale a power of ten is a line like any other; values, intervals and half-way are those of the observable.
#[test]
fn values_above_zero_on_the_log_scale() {
    let log = |t: f64| -9.0 + 6.0 * (1.0 - (-t / 4e3).exp());
    let shape = ValueShape::ratio().on(ValueScale::Log).unwrap();
    let observed = trajectory(|t| (log(t) + 0.2 * noise(3, t)).exp());
    let found = fit_observable(&observed, &shape, &only(&[EMERGENCE, FIRST_ORDER_STEP]));
    let [emergence, step] = &found.fits[..] else {
        panic!("two rows")
    };
    assert!((step.value("K").unwrap() - 6.0).abs() < 0.4, "on the scale");
    let f_last = emergence.quantity("f_last").unwrap();
    let truth = log(30e3).exp();
    assert!(
        f_last.lo < Some(truth) && Some(truth) < f_last.hi,
        "{f_last:?}"
    );
    // half-way in values, not in logarithms
    let t_half = step.value("t_half").unwrap();
    let half = 0.5 * (log(0.0).exp() + truth);
    let expected = -4e3 * (1.0 - (half.ln() + 9.0) / 6.0).ln();
    assert!((t_half / expected - 1.0).abs() < 0.1, "{t_half} {expected}");
    assert!(found.curves.iter().all(|point| point.value > 0.0));
    let band = found
        .curves
        .iter()
        .filter_map(|p| p.value_lo.zip(p.value_hi).map(|b| (b, p.value)));
    assert!(band.clone().count() > 100);
    assert!(band.into_iter().all(|((lo, hi), _)| 0.0 < lo && lo < hi));
}

/// A share stays a share, also its band; nominal 90 % intervals contain the truth about as often.
#[test]
fn shares_on_the_logit_scale() {
    let shape = ValueShape::within(0.0, 1.0)
        .unwrap()
        .on(ValueScale::Logit)
        .unwrap();
    let share = |t: f64| 1.0 / (1.0 + (4.0 - 5.5 * (1.0 - (-t / 3e3).exp())).exp());
    let (mut inside, rounds) = (0, 60);
    for seed in 0..rounds {
        let noisy = |t: f64| 1.0 / (1.0 + (-logit(share(t)) + 0.3 * noise(seed, t)).exp());
        let found = fit_observable(&trajectory(noisy), &shape, &only(&[EMERGENCE]));
        assert!(found.curves.iter().all(|p| 0.0 < p.value && p.value < 1.0));
        let ends = found.curves.iter().flat_map(|p| [p.value_lo, p.value_hi]);
        assert!(ends.flatten().all(|x| (0.0..=1.0).contains(&x)));
        let f_last = found.fits[0].quantity("f_last").unwrap();
        inside += usize::from(f_last.lo <= Some(share(30e3)) && Some(share(30e3)) <= f_last.hi);
    }
    println!("logit: {inside} of {rounds} intervals of f_last contain the truth");
    assert!((48..=60).contains(&inside));
    // values at the bounds have a place on the scale too
    let rounded = trajectory(|t| (share(t) * 12.0).round() / 12.0);
    let found = fit_observable(&rounded, &shape, &only(&[LOGISTIC]));
    assert!(rounded.ratios.contains(&0.0) && found.fits[0].r2.unwrap() > 0.9);
}

/// On the linear scale nothing keeps a curve within the bounds; then the status says so.
#[test]
fn a_curve_that_leaves_its_range_is_named() {
    let shape = ValueShape::within(0.0, 1.0).unwrap();
    let late = |t: f64| if t < 28e3 { 0.002 } else { 0.9 };
    let share = |t: f64| 0.5 + 0.3 * (t / 9e3).sin();
    let names = [EMERGENCE, FIRST_ORDER_STEP];
    let found = fit_observable(&trajectory(late), &shape, &only(&names)).fits;
    assert!(
        found
            .iter()
            .any(|fit| fit.status.contains("curve leaves its range"))
    );
    let found = fit_observable(&trajectory(share), &shape, &only(&names)).fits;
    assert!(found.iter().all(|fit| !fit.status.contains("range")));
}

/// Standard errors go to the scale by its slope: equal relative errors are equal weights of logarithms.
#[test]
fn standard_errors_on_a_scale() {
    let shape = ValueShape::ratio().on(ValueScale::Log).unwrap();
    let mut observed = trajectory(|t| (1.0 + t / 3e3) * (1.0 + 0.05 * noise(5, t)));
    let raw = fit_observable(&observed, &shape, &only(&[LOGISTIC])).fits;
    observed.sem = observed.ratios.iter().map(|x| 0.05 * x).collect();
    let options = only(&[LOGISTIC]).with_weighting(Weighting::Sem);
    let weighted = fit_observable(&observed, &shape, &options).fits;
    let f_last = [&raw, &weighted].map(|fits| fits[0].value("f_last").unwrap());
    assert!((f_last[0] / f_last[1] - 1.0).abs() < 1e-6, "{f_last:?}");
    // a wrong point that is known not to be precise changes little
    let mut one = observed;
    (one.ratios[20], one.sem[20]) = (80.0 * one.ratios[20], 800.0 * one.ratios[20]);
    let found = fit_observable(&one, &shape, &options).fits;
    let found = found[0].value("f_last").unwrap();
    assert!((found / f_last[0] - 1.0).abs() < 0.02, "{found} {f_last:?}");
}

/// One bad checkpoint, at a negative level.
#[test]
fn robust_weights_at_either_sign() {
    let f = |t: f64| -20.0 + 6.0 * (1.0 - (-t / 5e3).exp()) + 0.1 * noise(6, t);
    let mut observed = trajectory(f);
    observed.ratios[25] += 15.0;
    let options = only(&[EMERGENCE]).with_weighting(Weighting::Robust);
    let found = fit_observable(&observed, &ValueShape::signed(), &options).fits;
    let status = format!("outlier at step {}", observed.steps[25]);
    assert!(found[0].status.contains(&status), "{}", found[0].status);
    assert!((found[0].value("f_last").unwrap() + 14.0).abs() < 0.2);
}

#[test]
fn values_that_the_observable_cannot_have_are_named() {
    let status = |shape: &ValueShape, value: f64| {
        let mut observed = trajectory(|t| 0.2 + t / 1e5);
        observed.ratios[3] = value;
        fit_observable(&observed, shape, &FitOptions::default()).fits[0]
            .status
            .clone()
    };
    let share = ValueShape::within(0.0, 1.0).unwrap();
    let log = ValueShape::ratio().on(ValueScale::Log).unwrap();
    for (shape, value, text) in [
        (
            share,
            1.2,
            "value 1.2 at step 4; allowed is a finite number from 0 to 1",
        ),
        (
            log,
            0.0,
            "value 0 at step 4; allowed is a finite number above 0 to inf",
        ),
        (ValueShape::signed(), f64::NAN, "value NaN at step 4"),
    ] {
        let status = status(&shape, value);
        assert!(
            status.starts_with("failed to fit model `m`, layer 4"),
            "{status}"
        );
        assert!(status.contains(text), "{status}");
    }
}
