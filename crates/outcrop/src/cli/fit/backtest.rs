//! `outcrop fit --backtest`.

use outcrop_core::Forecast;
use outcrop_fit::{Backtest, FitOptions, Share, backtest};

use super::Args;
use crate::cli::output::{Format, print, significant, write_rows};
use crate::cli::schedules::say_scheduled;
use crate::{Error, Result};

/// What the share refers to.
#[derive(Clone, Copy, Default, clap::ValueEnum)]
pub(crate) enum Of {
    /// The training steps: checkpoints up to this share of the last step.
    #[default]
    Steps,
    /// The checkpoints: this share of them, from the first on.
    Checkpoints,
}

/// Prints the errors of the forecasts and of the last value; `--out` gets every forecast.
pub(super) fn run(args: &Args, share: f64, options: &FitOptions) -> Result<()> {
    if !(share > 0.0 && share < 1.0) {
        let allowed = "a number above 0 and below 1";
        return Err(outcrop_core::Error::range("--backtest", share, allowed).into());
    }
    let target = args.to.target()?;
    let trajectories = args.input.open()?;
    let failure = trajectories.failure();
    let all: Vec<_> = trajectories.collect();
    failure.check()?;
    let (of, words) = match args.of {
        Of::Steps => (Share::Steps(share), "training steps"),
        Of::Checkpoints => (Share::Checkpoints(share), "checkpoints"),
    };
    say_scheduled(options, all.iter().map(|t| t.model.clone()));
    let found = backtest(&all, of, options);
    if !target.is_read_here() {
        write_rows(&found.forecasts, &target)?;
    }
    if found.count() == 0 {
        let why = found.forecasts.first().map(|first| &first.status);
        let why = why.map_or("it has no trajectory", String::as_str);
        let reason = format!("forecast any of {} trajectories: {why}", all.len());
        return Err(Error::Nothing(reason));
    }
    if target.file.is_none() && target.format != Format::Table {
        return Ok(());
    }
    let error = |name: &str, of: fn(&Forecast) -> Option<f64>| {
        format!("  {name:<28} {}", median(&found, of))
    };
    let scheduled = all.iter().any(|t| options.schedule(&t.model).is_some());
    let point = match scheduled {
        true => "forecast in schedule time",
        false => "average of the curves",
    };
    let lines = [
        format!(
            "{} of {} trajectories, fitted on the first {} % of their {words}; last step forecast",
            found.count(),
            all.len(),
            percent(share),
        ),
        "median |ln(forecast / observed)|".into(),
        error(point, |f| f.average),
        error("emergence curve", |f| f.emergence),
        error("log only", |f| f.log_only),
        error("last value (baseline)", |f| f.last_value),
        bands(&found, options.level()),
    ];
    lines.iter().for_each(|line| print(line));
    Ok(())
}

/// How many of the bands hold what was observed.
fn bands(found: &Backtest, level: f64) -> String {
    let with_band = |f: &&Forecast| f.lo.is_some() && f.hi.is_some();
    match found.forecasts.iter().filter(with_band).count() {
        0 => "no forecast has a band".into(),
        n => format!(
            "the {} % band holds the observed value in {} % of the {n} that have one",
            percent(level),
            percent(found.coverage())
        ),
    }
}

/// The median error; if it is not a number, what could not be compared.
fn median(found: &Backtest, of: fn(&Forecast) -> Option<f64>) -> String {
    let median = found.median_error(of);
    if median.is_finite() {
        return significant(median);
    }
    let both = |f: &Forecast| Some((of(f)?, f.observed?));
    let both: Vec<(f64, f64)> = found.forecasts.iter().filter_map(both).collect();
    let (forecast, observed) = both.iter().fold((0, 0), |(f, o), pair| {
        (
            f + usize::from(pair.0 <= 0.0),
            o + usize::from(pair.1 <= 0.0),
        )
    });
    match both.len() {
        0 => "n/a: this curve has no forecast".into(),
        n => format!(
            "n/a: of {n}, {forecast} are forecast and {observed} observed at 0 or less, which have no \
             logarithm"
        ),
    }
}

/// A share in percent with at most one digit behind the point.
fn percent(share: f64) -> String {
    let tenths = (1000.0 * share).round() / 10.0;
    format!("{tenths}")
}
