//! Hypotheses and forecasts in schedule time: known curves come back, and what the schedule does not tell stays empty.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;

use outcrop_core::{Fit, Trajectory};
use outcrop_fit::{
    FitOptions, RateHistory, SCHEDULE_ANNEALING, SCHEDULE_DIP, SCHEDULE_EMERGENCE, SCHEDULE_LOG,
    ScheduleTime, Share, backtest, fit, forecast,
};

/// Warm-up over 100 updates, then a cosine to a tenth, over `steps` updates; each update's rate, as Outcrop trains.
fn cosine(steps: u64) -> Vec<f64> {
    let rate = |i: u64| match i <= 100 {
        true => 1e-4 * i as f64,
        false => {
            let x = (i - 100) as f64 / (steps - 100) as f64;
            0.01 * (0.1 + 0.45 * (1.0 + (std::f64::consts::PI * x).cos()))
        }
    };
    (1..=steps).map(rate).collect()
}

/// A rate that decays, half-way, within 100 updates.
fn dropped(steps: u64) -> Vec<f64> {
    let x = |i: u64| ((i as f64 - steps as f64 / 2.0) / 100.0).clamp(0.0, 1.0);
    (1..=steps).map(|i| 0.01 * (1.0 - 0.9 * x(i))).collect()
}

fn history(rates: &[f64]) -> RateHistory {
    let steps: Vec<f64> = (1..=rates.len()).map(|i| i as f64).collect();
    RateHistory::new(&steps, rates)
}

/// 60 checkpoints, logarithmically spaced.
fn steps(last: f64) -> Vec<u64> {
    let step = |i: i32| (f64::from(i) / 59.0 * last.ln()).exp().round() as u64;
    let mut steps: Vec<u64> = (0..60).map(step).collect();
    steps.insert(0, 0);
    steps.dedup();
    steps
}

fn trajectory(steps: Vec<u64>, f: impl Fn(f64) -> f64) -> Trajectory {
    Trajectory {
        model: "m".into(),
        layer: 1,
        ratios: steps.iter().map(|t| f(*t as f64)).collect(),
        steps,
        ..Trajectory::default()
    }
}

fn row(name: &str, rates: &[f64], f: impl Fn(f64) -> f64) -> Fit {
    let options = FitOptions::default().with_hypotheses(&[name]).unwrap();
    let options = options
        .with_draws(200)
        .unwrap()
        .with_schedule("m", &history(rates));
    let trajectory = trajectory(steps(rates.len() as f64), f);
    fit(&trajectory, &options).fits.remove(0)
}

fn close(row: &Fit, name: &str, expected: f64) {
    let found = row.value(name).unwrap_or(f64::NAN);
    let error = (found / expected - 1.0).abs();
    assert!(error < 1e-3, "{name}: {found} against {expected}: {row:?}");
}

/// S, from the rates themselves.
fn sums(rates: &[f64]) -> impl Fn(f64) -> f64 {
    let mut sums = vec![0.0];
    rates
        .iter()
        .for_each(|rate| sums.push(sums[sums.len() - 1] + rate));
    move |t| sums[t as usize]
}

/// S2 by its recursion.
fn annealing(rates: &[f64], memory: f64) -> impl Fn(f64) -> f64 {
    let (mut m, mut sums) = (0.0, vec![0.0, 0.0]);
    for pair in rates.windows(2) {
        m = (1.0 - 1.0 / memory) * m + (pair[0] - pair[1]).max(0.0);
        sums.push(sums[sums.len() - 1] + m);
    }
    move |t| sums[t as usize]
}

#[test]
fn known_curves_come_back() {
    let rates = cosine(2000);
    let s = sums(&rates);
    let log = row(SCHEDULE_LOG, &rates, |t| 40.0 + 9.0 * (s(t) + 0.03).ln());
    for (name, expected) in [("A1", 9.0), ("S0", 0.03), ("K", 40.0)] {
        close(&log, name, expected);
    }
    let dip = row(SCHEDULE_DIP, &rates, |t| {
        30.0 + 6.0 * (s(t) + 0.2).ln() + 5.0 * (-s(t) / 0.01).exp()
    });
    for (name, expected) in [("A1", 6.0), ("D", 5.0), ("S_dip", 0.01), ("S0", 0.2)] {
        close(&dip, name, expected);
    }
    let rise = row(SCHEDULE_EMERGENCE, &rates, |t| {
        20.0 + (-0.3 * s(t)).exp() * (12.0 * (s(t) + 0.1).ln() + 30.0)
    });
    for (name, expected) in [("A1", 12.0), ("S0", 0.1), ("beta_S", 0.3), ("K", 20.0)] {
        close(&rise, name, expected);
    }
    assert!(rise.value("t_peak").is_some(), "{rise:?}");
}

#[test]
fn an_annealing_comes_back_where_there_is_a_decay() {
    let rates = dropped(1000);
    let (s, s2) = (sums(&rates), annealing(&rates, 80.0));
    let truth = |t: f64| 40.0 + 5.0 * (s(t) + 0.05).ln() - 3.0 * s2(t);
    let found = row(SCHEDULE_ANNEALING, &rates, truth);
    for (name, expected) in [("A1", 5.0), ("C", -3.0), ("memory", 80.0)] {
        let value = found.value(name).unwrap_or(f64::NAN);
        assert!((value / expected - 1.0).abs() < 0.02, "{name}: {found:?}");
    }
    let constant = vec![0.01; 1000];
    let s = sums(&constant);
    let wave = |t: f64| (40.0 + 5.0 * (s(t) + 0.05).ln()) * (1.0 + 0.01 * (3.0 * t).sin());
    let none = row(SCHEDULE_ANNEALING, &constant, wave);
    assert_eq!((none.value("C"), none.value("memory")), (None, None));
    assert!(none.status.contains("annealing not identified"), "{none:?}");
}

/// A ratio that follows the logarithm of S while the rate drops: AICc prefers the hypothesis that says so.
#[test]
fn aicc_tells_schedule_time_from_steps() {
    let rates = dropped(1000);
    let s = sums(&rates);
    let names = [
        "emergence",
        "log only",
        SCHEDULE_LOG,
        SCHEDULE_DIP,
        SCHEDULE_ANNEALING,
        SCHEDULE_EMERGENCE,
    ];
    let options = FitOptions::default().with_hypotheses(&names).unwrap();
    let options = options.with_draws(100).unwrap();
    let options = options.with_schedule("m", &history(&rates));
    let wave = |t: f64| (40.0 + 9.0 * (s(t) + 0.03).ln()) * (1.0 + 0.002 * (3.0 * t).sin());
    let found = fit(&trajectory(steps(1000.0), wave), &options).fits;
    assert!(found.iter().all(|fit| fit.aicc.is_some()), "{found:?}");
    let best = found.iter().find(|fit| fit.best).unwrap();
    assert_eq!(best.hypothesis, SCHEDULE_LOG);
    let weight = |name: &str| {
        found
            .iter()
            .find(|fit| fit.hypothesis == name)
            .unwrap()
            .weight
    };
    assert!(
        weight("emergence") < Some(1e-3) && weight("log only") < Some(1e-3),
        "{found:?}"
    );
}

#[test]
fn without_rates_the_row_says_where_they_come_from() {
    let options = FitOptions::default()
        .with_hypotheses(&["log only", SCHEDULE_LOG])
        .unwrap();
    let found = fit(
        &trajectory(steps(500.0), |t| 5.0 + (t + 3.0).ln()),
        &options,
    );
    let status: Vec<&str> = found.fits.iter().map(|fit| &*fit.status).collect();
    assert!(
        found.fits[0].best && status[1].contains("learning_rate"),
        "{status:?}"
    );
    assert_eq!(found.fits[1].hypothesis, SCHEDULE_LOG);
}

/// A ratio that grows as a power of S, under a cosine: the trend knows that little is to come, `log only` does not.
#[test]
fn a_forecast_knows_the_end_of_a_decay() {
    let rates = cosine(2000);
    let s = sums(&rates);
    let wiggle = |t: f64| 1.0 + 0.01 * (5.0 * t).sin();
    let all = trajectory(steps(2000.0), |t| {
        10.0 * (s(t) + 0.01).powf(0.5) * wiggle(t)
    });
    let plain = FitOptions::default().with_draws(100).unwrap();
    let scheduled = plain.clone().with_schedule("m", &history(&rates));
    let error = |options| {
        let found = backtest(std::slice::from_ref(&all), Share::Steps(0.5), options);
        let of = |f: fn(&outcrop_core::Forecast) -> Option<f64>| found.median_error(f);
        (
            of(|f| f.average),
            of(|f| f.last_value),
            of(|f| f.log_only),
            found.coverage(),
        )
    };
    let (trend, last, log, coverage) = error(&scheduled);
    assert!(trend < 0.5 * last.min(log), "{trend} {last} {log}");
    assert_eq!(coverage, 1.0);
    let (average, again, ..) = error(&plain);
    assert!(average > trend && again == last, "{average}");
    // what is known of another model changes nothing
    let other = plain.clone().with_schedule("other", &history(&rates));
    let rows = |options| forecast(&all, &[2000.0, 3000.0], options);
    assert_eq!(rows(&other), rows(&plain));
    let beyond = &rows(&scheduled)[1];
    assert!(beyond.status.contains("behind step 2000"), "{beyond:?}");
}

#[test]
fn a_schedule_from_a_column_is_that_of_the_spec() {
    let rates = cosine(800);
    let exact = ScheduleTime::new(&history(&rates)).unwrap();
    let logged: Vec<f64> = steps(800.0).iter().skip(1).map(|t| *t as f64).collect();
    let of_logged: Vec<f64> = logged.iter().map(|t| rates[*t as usize - 1]).collect();
    let column = Arc::new(ScheduleTime::new(&RateHistory::new(&logged, &of_logged)).unwrap());
    for t in [1.0, 50.0, 300.0, 800.0] {
        assert!((column.at(t) / exact.at(t) - 1.0).abs() < 0.01, "{t}");
    }
}
