//! Forecasts in schedule time of runs that they did not learn from: `data/control` (27 recipes, three seeds, 800 updates) and
//! `data/unseen` (36 architectures, 2000 updates). All have a warm-up of 100 updates and a cosine to a tenth; the size of the
//! rate does not matter to a forecast.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::print_stdout, reason = "docs/fitting.md has these numbers")]

use std::path::Path;

use outcrop_core::{Forecast, Trajectory, table};
use outcrop_fit::{FitOptions, RateHistory, Share, backtest};

fn trajectories(name: &str) -> Vec<Trajectory> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    table::trajectories(&data.join(name).join("trajectories.csv"))
        .unwrap()
        .rows
}

fn cosine(steps: u64) -> RateHistory {
    let rate = |i: u64| match i <= 100 {
        true => 1e-4 * i as f64,
        false => {
            let x = (i - 100) as f64 / (steps - 100) as f64;
            0.01 * (0.1 + 0.45 * (1.0 + (std::f64::consts::PI * x).cos()))
        }
    };
    let steps: Vec<u64> = (1..=steps).collect();
    let rates: Vec<f64> = steps.iter().map(|i| rate(*i)).collect();
    let steps: Vec<f64> = steps.iter().map(|i| *i as f64).collect();
    RateHistory::new(&steps, &rates)
}

/// The median error over that of the better of the last value and `log only`, and the share of bands that hold the end.
fn judged(name: &str, steps: u64, share: f64) -> [f64; 2] {
    let all = trajectories(name);
    let options = FitOptions::default().with_draws(100).unwrap();
    let options = options.with_cells(16).unwrap();
    let scheduled = all
        .iter()
        .fold(options, |options, t| match options.schedule(&t.model) {
            Some(_) => options,
            None => options.with_schedule(&t.model, &cosine(steps)),
        });
    let found = backtest(&all, Share::Steps(share), &scheduled);
    let error = |of: fn(&Forecast) -> Option<f64>| found.median_error(of);
    let [trend, last, log] = [
        error(|f| f.average),
        error(|f| f.last_value),
        error(|f| f.log_only),
    ];
    println!(
        "| {name}, {} % of steps | {trend:.3} | {:.3} | {log:.3} | {last:.3} | {:.0} % | {} |",
        100.0 * share,
        error(|f| f.emergence),
        100.0 * found.coverage(),
        found.count(),
    );
    [trend / last.min(log), found.coverage()]
}

#[test]
fn short_runs_are_forecast_by_far_better_than_by_their_last_value() {
    let both = [0.5, 0.8].map(|share| judged("control", 800, share));
    assert!(both.iter().all(|[error, _]| *error < 0.7), "{both:?}");
    let coverage = 0.5 * (both[0][1] + both[1][1]);
    assert!((0.85..=0.95).contains(&coverage), "{both:?}");
}

/// At half of 2000 updates most of what is to come is chance (docs/fitting.md); the band says so.
#[test]
fn long_runs_are_forecast_no_worse_and_their_bands_hold() {
    let both = [0.5, 0.8].map(|share| judged("unseen", 2000, share));
    assert!(both.iter().all(|[error, _]| *error < 1.0), "{both:?}");
    let coverage = 0.5 * (both[0][1] + both[1][1]);
    assert!((0.85..=0.95).contains(&coverage), "{both:?}");
}
