//! Forecasts of series that are known, and what a backtest counts.

use outcrop_core::{Forecast, Trajectory};
use outcrop_fit::{Backtest, FitOptions, Observations, Outlook, Series, Share, backtest, forecast};
use proptest::prelude::*;

use crate::simulate::{early_peak, observed, seeded, steps, trajectory, trial};

/// `n` checkpoints, 100 steps apart, of a slow rise.
fn evenly(n: u64) -> Trajectory {
    Trajectory {
        model: "even".into(),
        layer: 2,
        stage: None,
        steps: (1..=n).map(|i| 100 * i).collect(),
        ratios: (1..=n).map(|i| 5.0 + (i as f64).ln()).collect(),
        sem: Vec::new(),
    }
}

fn quick() -> FitOptions {
    FitOptions::default().with_draws(100).unwrap()
}

#[test]
fn a_perfect_series_is_forecast_exactly() {
    let log = |t: f64| 12.0 * (t + 70.0).ln() - 40.0;
    for f in [&early_peak as &dyn Fn(f64) -> f64, &log] {
        let seen: Vec<f64> = steps().into_iter().filter(|t| *t <= 50e3).collect();
        let values: Vec<f64> = seen.iter().copied().map(f).collect();
        let until = Series::new(&seen, &values).unwrap();
        let options = FitOptions::default();
        let outlook = Outlook::new(&Observations::new(&until, &options).unwrap()).unwrap();
        for t in [60e3, 143e3] {
            let row = outlook.at(t);
            for value in [row.average, row.emergence] {
                assert!((value.unwrap() / f(t) - 1.0).abs() < 1e-5, "{t} {row:?}");
            }
            assert!(row.lo <= row.hi && row.lo.is_some());
            assert!((row.lo.unwrap() / f(t) - 1.0).abs() < 1e-3, "{row:?}");
        }
        assert_eq!(outlook.last_value(), f(50e3));
    }
}

#[test]
fn a_share_selects_what_it_says() {
    let cases = [
        (Share::Steps(0.5), 50),
        (Share::Steps(0.29), 29),
        (Share::Steps(0.57), 57),
        (Share::Steps(1.0), 100),
        (Share::Steps(7.0), 100),
        (Share::Checkpoints(0.5), 50),
        (Share::Checkpoints(0.29), 29),
        (Share::Checkpoints(0.57), 57),
        (Share::Checkpoints(0.075), 7),
        (Share::Checkpoints(7.0), 100),
    ];
    for (share, n) in cases {
        let row = &backtest(&[evenly(100)], share, &quick()).forecasts[0];
        assert_eq!(
            (row.n, row.fitted_until),
            (n, 100.0 * n as f64),
            "{share:?}"
        );
        assert_eq!(row.step, 10_000.0);
        // beyond 4 times the last step
        assert_eq!(row.status.contains("extrapolated"), n < 25, "{row:?}");
        let last = evenly(100).ratios[n - 1];
        assert_eq!(row.last_value, Some(last));
        assert_eq!(row.observed, evenly(100).ratios.last().copied());
    }
    // half of these checkpoints lie in the first percent of the training
    let values: Vec<f64> = steps().into_iter().map(early_peak).collect();
    let of = |share| backtest(&[trajectory(&values)], share, &quick()).forecasts[0].n;
    assert_eq!(of(Share::Steps(0.01)), 12);
    assert_eq!(of(Share::Checkpoints(0.5)), 18);
}

#[test]
fn every_trajectory_has_a_row_or_the_reason() {
    let changed = |change: &dyn Fn(&mut Trajectory)| {
        let mut t = evenly(40);
        change(&mut t);
        t
    };
    let all = [
        evenly(40),
        changed(&|t| t.steps.swap(2, 3)),
        changed(&|t| t.steps.reverse()),
        evenly(10),
        evenly(0),
        changed(&|t| t.ratios.clear()),
        changed(&|t| t.ratios.truncate(39)),
        changed(&|t| t.ratios[1] = f64::NAN),
        changed(&|t| t.ratios[39] = f64::INFINITY),
        changed(&|t| t.ratios.iter_mut().for_each(|r| *r = 3.0)),
    ];
    let reasons = [
        "ok",
        "out of order",
        "out of order",
        "at least 7",
        "at least 7",
        "40 steps but 0 values",
        "40 steps but 39 values",
        "value NaN",
        "value inf",
        "all ",
    ];
    for share in [Share::Steps(0.5), Share::Checkpoints(0.5)] {
        let found = backtest(&all, share, &quick());
        assert_eq!(found.forecasts.len(), all.len());
        for (row, reason) in found.forecasts.iter().zip(reasons) {
            assert!(row.status.contains(reason), "{reason}: {}", row.status);
            assert_eq!((row.model.as_str(), row.layer), ("even", 2));
            assert_eq!(row.average.is_some(), row.status == "ok");
        }
        assert_eq!(found.count(), 1);
    }
    for share in [
        Share::Steps(f64::NAN),
        Share::Steps(-1.0),
        Share::Checkpoints(f64::NAN),
    ] {
        let row = &backtest(&all, share, &quick()).forecasts[0];
        assert!(row.status.contains("at least 7"), "{}", row.status);
    }
}

#[test]
fn no_step_is_forecast_as_a_number_that_is_none() {
    let steps = [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, 1e18];
    let rows = forecast(&evenly(40), &steps, &quick());
    assert_eq!(rows.len(), steps.len());
    for row in &rows {
        let found = [row.average, row.lo, row.hi, row.emergence, row.log_only];
        assert!(found.iter().flatten().all(|x| x.is_finite()), "{row:?}");
    }
    for row in &rows[..4] {
        assert!(row.status.contains("forecast step"), "{}", row.status);
        assert_eq!(row.average, None);
    }
    assert!(rows[4..].iter().all(|row| row.average.is_some()));
    assert!(
        rows[5].status.contains("extrapolated"),
        "{}",
        rows[5].status
    );
}

#[test]
fn the_band_covers_what_is_observed() {
    let trajectories: Vec<Trajectory> = (0..60)
        .map(|seed| trajectory(&observed(early_peak, 0.05, &mut seeded(seed))))
        .collect();
    let found = backtest(&trajectories, Share::Steps(0.6), &quick());
    println!("coverage {}", found.coverage());
    assert_eq!(found.count(), 60);
    assert!((0.75..=1.0).contains(&found.coverage()));
    // a falling curve: its forecast beats the last value
    let (ours, baseline) = (
        found.median_error(|f| f.average),
        found.median_error(|f| f.last_value),
    );
    assert!(ours < baseline, "{ours} {baseline}");
}

#[test]
fn errors_and_coverage_are_counted() {
    let row = |average: Option<f64>, observed: f64| Forecast {
        average,
        lo: average.map(|a| a - 1.0),
        hi: average.map(|a| a + 1.0),
        observed: Some(observed),
        ..Forecast::default()
    };
    let forecasts = vec![
        row(Some(2.0), 2.5),
        row(Some(1.0), 8.0),
        row(None, 5.0),
        row(Some(-1.0), 1.0),
    ];
    let found = Backtest { forecasts };
    assert_eq!((found.count(), found.coverage()), (3, 1.0 / 3.0));
    assert!((found.median_error(|f| f.average) - 8f64.ln()).abs() < 1e-15);
    assert!(Backtest::default().median_error(|f| f.average).is_nan());
}

#[test]
fn the_baseline_is_the_last_value_that_was_fitted() {
    for share in [Share::Steps(0.3), Share::Checkpoints(0.5)] {
        let trial = trial(40);
        let found = backtest(&trial, share, &quick());
        for (t, row) in trial.iter().zip(&found.forecasts) {
            let at = t.steps.iter().position(|&s| s as f64 == row.fitted_until);
            assert_eq!(row.last_value, Some(t.ratios[at.unwrap()]));
            assert_eq!(row.n, at.unwrap() + 1);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    /// Whatever was seen and however far ahead: the average lies in its band, or there is none and the
    /// status says why; beyond four times the last step the status says that too.
    #[test]
    fn a_forecast_lies_in_its_band_or_says_why_there_is_none(
        logs in prop::collection::vec(-3.0..6.0f64, 7..40),
        trend in -1.0..3.0f64,
        noise in 0.0..1.0f64,
        times in prop::collection::vec(0.0..100.0f64, 4),
    ) {
        let n = logs.len() as u64;
        let ratio = |(i, log): (usize, &f64)| (trend * (1.0 + i as f64).ln() + noise * log).exp();
        let trajectory = Trajectory {
            stage: None, steps: (0..n).map(|i| 50 * i * i).collect(),
            ratios: logs.iter().enumerate().map(ratio).collect(),
            ..evenly(0)
        };
        let last = 50.0 * ((n - 1) * (n - 1)) as f64;
        let steps: Vec<f64> = times.iter().map(|times| times * last).collect();
        for row in forecast(&trajectory, &steps, &quick()) {
            let Some(average) = row.average else {
                continue;
            };
            let held = row.lo.is_none_or(|lo| lo <= average) && row.hi.is_none_or(|hi| average <= hi);
            prop_assert!(held, "{row:?}");
            let bare = row.lo.is_none() && row.hi.is_none();
            prop_assert_eq!(bare, row.status.contains("no band"), "{:?}", row);
            prop_assert_eq!(row.step > 4.0 * last, row.status.contains("extrapolated"), "{:?}", row);
            prop_assert!(row.is_far() == (row.step > 4.0 * last));
        }
    }
}
