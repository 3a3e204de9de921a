//! Forecasts in schedule time of runs that they did not learn from: the other half of the architectures of `data/atlas2` (300
//! and 1000 updates), `data/atlas` (30 architectures, 2000 updates), `data/unseen` (36 architectures, 2000 updates) and
//! `data/control` (28 recipes, three seeds, 800 updates). All have a warm-up of 100 updates and a cosine to a tenth; the size of
//! the rate does not matter to a forecast.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::print_stdout, reason = "docs/fitting.md has these numbers")]

use std::path::Path;

use outcrop_core::{Forecast, Ratio, Trajectory, table};
use outcrop_fit::{FitOptions, Share, backtest};

#[path = "../examples/learn_trend/atlas2.rs"]
mod atlas2;

/// The trajectories of a folder, all trained with `steps` updates, and options that know it.
fn folder(name: &str, steps: u64) -> (Vec<Trajectory>, FitOptions) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../data")
        .join(name);
    let measurements = folder.join("measurements.csv.gz");
    let all = match measurements.is_file() {
        true => {
            let rows = table::measurements(&measurements).unwrap().rows;
            Trajectory::from_measurements(&rows, Ratio::default())
        }
        false => {
            let trajectories = folder.join("trajectories.csv");
            table::trajectories(&trajectories).unwrap().rows
        }
    };
    let rates = atlas2::cosine(steps, 100, 0.01);
    let options = all.iter().fold(FitOptions::default(), |options, run| {
        match options.schedule(&run.model) {
            Some(_) => options,
            None => options.with_schedule(&run.model, &rates),
        }
    });
    (all, options)
}

/// At half and at 80 % of the steps: the median error over that of the better of the last value and `log only`, and the
/// share of bands that hold the end.
fn judged(name: &str, all: &[Trajectory], options: &FitOptions) -> [[f64; 2]; 2] {
    let options = options.clone().with_draws(100).unwrap();
    let options = options.with_cells(16).unwrap();
    [0.5, 0.8].map(|share| {
        let found = backtest(all, Share::Steps(share), &options);
        let error = |of: fn(&Forecast) -> Option<f64>| found.median_error(of);
        let [trend, last, log] = [
            error(|f| f.average),
            error(|f| f.last_value),
            error(|f| f.log_only),
        ];
        println!(
            "| {name}, {} % of steps | {trend:.3} | {:.3} | {log:.3} | {last:.3} | {:.2} | {:.0} % | {} |",
            100.0 * share,
            error(|f| f.emergence),
            trend / last.min(log),
            100.0 * found.coverage(),
            found.count(),
        );
        [trend / last.min(log), found.coverage()]
    })
}

/// The bands were learned from the first half.
#[test]
fn bands_hold_on_the_half_of_atlas_2_that_was_not_learned_from() {
    let ([_, second], options) = atlas2::halves();
    let both = judged("atlas 2, kept half", &second, &options);
    let [[_, half], [error, late]] = both;
    assert!(error < 1.0, "{both:?}");
    for coverage in [half, late] {
        assert!((0.85..=0.95).contains(&coverage), "{both:?}");
    }
}

/// The generated task under 800 updates is easier than what the bands were learned from: they hold more than 90 %.
#[test]
fn short_runs_are_forecast_by_far_better_than_by_their_last_value() {
    let (all, options) = folder("control", 800);
    let both = judged("control", &all, &options);
    assert!(both.iter().all(|[error, _]| *error < 0.7), "{both:?}");
    assert!(
        both.iter().all(|[_, coverage]| *coverage >= 0.85),
        "{both:?}"
    );
}

/// From half of 2000 updates on most of what is to come is chance (docs/fitting.md); the band says so.
#[test]
fn long_runs_are_forecast_better_than_by_their_last_value_and_their_bands_hold() {
    for name in ["unseen", "atlas"] {
        let (all, options) = folder(name, 2000);
        let both = judged(name, &all, &options);
        assert!(both.iter().all(|[error, _]| *error < 0.95), "{both:?}");
        assert!(
            both.iter().all(|[_, coverage]| *coverage >= 0.85),
            "{both:?}"
        );
    }
}
