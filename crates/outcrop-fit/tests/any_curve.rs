//! Hypotheses about any observable: modes of deep linear networks, powers, two rises. Known curves come back, and what
//! the data do not identify stays empty.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use outcrop_core::{Fit, Trajectory};
use outcrop_fit::{
    DEEP_LINEAR_MODE, DEFAULT_HYPOTHESES, DOUBLE_RISE, FitOptions, HYPOTHESES, LOG_ONLY, LOGISTIC,
    Observations, POWER_LAW, SCHEDULE_ANNEALING, SCHEDULE_DIP, SCHEDULE_EMERGENCE, SCHEDULE_LOG,
    Series, fit, hypothesis,
};

/// As Pythia's checkpoints.
fn steps() -> Vec<f64> {
    let doubling = (0..10).map(|i| 2f64.powi(i));
    let even = (1..=30).map(|i| 1e3 * f64::from(i));
    [0.0].into_iter().chain(doubling).chain(even).collect()
}

fn rows(names: &[&str], f: impl Fn(f64) -> f64) -> Vec<Fit> {
    let steps = steps();
    let trajectory = Trajectory {
        model: "m".into(),
        ratios: steps.iter().map(|&t| f(t)).collect(),
        steps: steps.iter().map(|&t| t as u64).collect(),
        ..Trajectory::default()
    };
    let options = FitOptions::default().with_hypotheses(names).unwrap();
    fit(&trajectory, &options).fits
}

fn row(name: &str, f: impl Fn(f64) -> f64) -> Fit {
    rows(&[name], f).remove(0)
}

fn noise(seed: f64, t: f64) -> f64 {
    2.0 * (((t * 12.9898 + 78.233 + 3.7 * seed).sin() * 43_758.545_3).rem_euclid(1.0)) - 1.0
}

fn close(found: Option<f64>, expected: f64, tolerance: f64) {
    let found = found.unwrap();
    let error = (found - expected).abs();
    assert!(error <= tolerance * expected.abs(), "{found} {expected}");
}

/// The strength of a mode that gradient flow learns in a network of two weights: da/dt = b (s - a b) / tau, db/dt =
/// a (s - a b) / tau, by Runge and Kutta's method of order 4.
fn trained(s: f64, u0: f64, tau: f64, steps: &[f64]) -> Vec<f64> {
    let flow = |[a, b]: [f64; 2]| [b * (s - a * b) / tau, a * (s - a * b) / tau];
    let along = |[a, b]: [f64; 2], [da, db]: [f64; 2], h: f64| [a + h * da, b + h * db];
    let (mut at, mut x) = (0.0, [u0.sqrt(); 2]);
    let advance = |x: [f64; 2], h: f64| {
        let k1 = flow(x);
        let k2 = flow(along(x, k1, h / 2.0));
        let k3 = flow(along(x, k2, h / 2.0));
        let k4 = flow(along(x, k3, h));
        [0, 1].map(|i| x[i] + h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]))
    };
    let to = |step: &f64| {
        let parts = ((step - at) / (0.002 * tau / s)).ceil().max(1.0);
        let h = (step - at) / parts;
        for _ in 0..parts as usize {
            x = advance(x, h);
        }
        at = *step;
        x[0] * x[1]
    };
    steps.iter().map(to).collect()
}

/// s, u0 and the time constant of a simulated run come back to 1e-6; growing and falling.
#[test]
fn a_trained_mode_comes_back() {
    for (s, u0) in [(3.0, 1e-3), (0.5, 1e-5), (40.0, 0.2), (2.0, 9.0)] {
        let tau = 1500.0 * s; // 2 s / tau = 1 / 750 for every mode
        let steps = steps();
        let series = Series::new(&steps, &trained(s, u0, tau, &steps)).unwrap();
        let options = FitOptions::default();
        let observations = Observations::new(&series, &options).unwrap();
        let row = hypothesis(DEEP_LINEAR_MODE).unwrap();
        let row = row.row(&observations, &[]).unwrap();
        close(row.quantities.value("s"), s, 1e-6);
        close(row.quantities.value("u0"), u0, 1e-6);
        close(row.quantities.value("tau"), 750.0, 1e-6);
        close(row.quantities.value("tau_learning"), tau, 1e-6);
        let t_mid = 750.0 * (s / u0 - 1.0).ln();
        match s > u0 {
            true => close(row.quantities.value("t_mid"), t_mid, 1e-6),
            false => assert_eq!(row.quantities.value("t_mid"), None),
        }
    }
}

/// t = tau / (2 s) ln(u (s - u0) / (u0 (s - u))): 9.2102 from 1e-4 to 1 - 1e-4 with s = tau = 1.
#[test]
fn the_time_of_learning_is_the_papers() {
    let scale = 1000.0;
    let f = |t: f64| 1.0 / (1.0 + 9999.0 * (-2.0 * t / scale).exp());
    let row = row(DEEP_LINEAR_MODE, f);
    let [s, u0, tau] = ["s", "u0", "tau"].map(|name| row.value(name).unwrap());
    let u = 1.0 - 1e-4;
    let time = tau * (u * (s - u0) / (u0 * (s - u))).ln() / scale;
    assert!((time - 9.2102).abs() < 5e-5, "{time}");
}

#[test]
fn a_mode_that_has_not_bent_has_no_asymptote() {
    let f = |t: f64| 5.0 * (t / 9e3).exp() * (1.0 + 0.03 * noise(1.0, t));
    let found = row(DEEP_LINEAR_MODE, f);
    assert!(
        found.status.starts_with("asymptote not identified"),
        "{}",
        found.status
    );
    assert_eq!((found.value("s"), found.value("t_mid")), (None, None));
    close(found.value("u0"), 5.0, 0.1);
    let flat = row(DEEP_LINEAR_MODE, |t| 5.0 * (1.0 + 0.03 * noise(2.0, t)));
    assert_eq!((&*flat.status, flat.value("u0")), ("flat", None));
}

/// With an offset the logistic is better; without one the mode is, which has a parameter fewer.
#[test]
fn an_offset_tells_the_logistic_from_a_mode() {
    let mode = |t: f64| 30.0 / (1.0 + 300.0 * (-t / 1500.0).exp());
    let best = |offset: f64| {
        let f = |t: f64| (offset + mode(t)) * (1.0 + 0.03 * noise(3.0, t));
        let rows = rows(&[LOGISTIC, DEEP_LINEAR_MODE], f);
        rows.into_iter().find(|row| row.best).unwrap().hypothesis
    };
    assert_eq!(best(0.0), DEEP_LINEAR_MODE);
    assert_eq!(best(4.0), LOGISTIC);
}

#[test]
fn a_power_comes_back() {
    for (k, s, p, tau0) in [
        (2.0, 9.0, -0.5, 30.0),
        (10.0, -9.0, -1.2, 400.0),
        (1.0, 2.0, 0.4, 200.0),
        (5.0, 0.1, 1.7, 900.0),
    ] {
        let found = row(POWER_LAW, |t| k + s * (1.0 + t / tau0).powf(p));
        assert_eq!(found.status, "ok");
        close(found.value("K"), k, 1e-4);
        close(found.value("span"), s, 1e-4);
        close(found.value("exponent"), p, 1e-4);
        close(found.value("tau0"), tau0, 1e-4);
        assert_eq!(found.value("t_peak"), None);
    }
}

#[test]
fn limits_of_a_power() {
    let noisy = |f: fn(f64) -> f64| move |t: f64| f(t) * (1.0 + 0.02 * noise(4.0, t));
    let log = rows(
        &[LOG_ONLY, POWER_LAW],
        noisy(|t| 3.0 + 2.0 * (t + 20.0).ln()),
    );
    assert!(log[0].best);
    let power = &log[1];
    assert!(
        power.status.starts_with("asymptote not identified"),
        "{}",
        power.status
    );
    assert_eq!((power.value("K"), power.value("span")), (None, None));
    assert!(power.value("exponent").unwrap().abs() < 0.2);
    let line = row(POWER_LAW, noisy(|t| 30.0 + 0.002 * t));
    assert_eq!(line.status, "exponent not identified");
    assert_eq!(line.value("exponent"), None);
    assert_eq!(row(POWER_LAW, noisy(|_| 30.0)).status, "flat");
}

fn rise(t: f64, mid: f64, h: f64) -> f64 {
    if t > 0.0 {
        1.0 / (1.0 + (mid / t).powf(h))
    } else {
        0.0
    }
}

#[test]
fn two_rises_come_back_the_earlier_one_first() {
    for [k1, m1, h1, k2, m2, h2] in [
        [5.0, 40.0, 2.0, 30.0, 9e3, 3.0],
        [50.0, 200.0, 1.2, 9.0, 15e3, 6.0],
        [20.0, 30.0, 1.5, -15.0, 8e3, 2.0],
    ] {
        let f = |t: f64| 2.0 + k1 * rise(t, m1, h1) + k2 * rise(t, m2, h2);
        let found = row(DOUBLE_RISE, f);
        assert_eq!(found.status, "ok");
        let names = ["K1", "t_mid1", "h1", "K2", "t_mid2", "h2"];
        for (name, expected) in names.into_iter().zip([k1, m1, h1, k2, m2, h2]) {
            close(found.value(name), expected, 1e-3);
        }
        // the peak, where there is one, is where the curve is largest
        let highest = (0..30_000)
            .map(f64::from)
            .max_by(|a, b| f(*a).total_cmp(&f(*b)));
        match k2 < 0.0 {
            true => assert!((found.value("t_peak").unwrap() - highest.unwrap()).abs() < 2.0),
            false => assert_eq!(found.value("t_peak"), None),
        }
    }
}

#[test]
fn one_rise_is_not_two() {
    let found = |seed: i32| {
        let f =
            |t: f64| (2.0 + 20.0 * rise(t, 900.0, 2.0)) * (1.0 + 0.03 * noise(f64::from(seed), t));
        row(DOUBLE_RISE, f)
    };
    let of = (0..20).map(found);
    let single = of.filter(|row| row.status.starts_with("second rise not identified"));
    let single: Vec<Fit> = single.collect();
    println!("one rise: {} of 20", single.len());
    assert!(single.len() >= 15);
    assert!(single.iter().all(|row| row.value("K1").is_none()));
    // two are, also with noise
    let two = |t: f64| 2.0 + 8.0 * rise(t, 40.0, 3.0) + 30.0 * rise(t, 8e3, 4.0);
    let found = row(DOUBLE_RISE, |t| two(t) * (1.0 + 0.03 * noise(5.0, t)));
    close(found.value("t_mid1"), 40.0, 0.1);
    close(found.value("t_mid2"), 8e3, 0.1);
}

/// Tables that were written before these hypotheses were there stay as they are.
#[test]
fn what_is_fitted_by_default_stays() {
    let names = FitOptions::default().hypotheses();
    assert_eq!(names.len(), DEFAULT_HYPOTHESES.len());
    assert_eq!(names[5], LOGISTIC);
    let more = HYPOTHESES[6..].iter().map(|h| h.about().name);
    assert_eq!(
        more.collect::<Vec<_>>(),
        [
            DEEP_LINEAR_MODE,
            POWER_LAW,
            DOUBLE_RISE,
            SCHEDULE_LOG,
            SCHEDULE_EMERGENCE,
            SCHEDULE_ANNEALING,
            SCHEDULE_DIP
        ]
    );
}
