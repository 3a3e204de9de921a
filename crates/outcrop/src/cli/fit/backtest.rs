//! `outcrop fit --backtest`.

use outcrop_core::Forecast;
use outcrop_fit::{Options, Share, backtest};

use super::Args;
use crate::Result;
use crate::cli::output::{Format, print, significant, write_rows};

/// What a share is of.
#[derive(Clone, Copy, Default, clap::ValueEnum)]
pub(crate) enum Of {
    /// The training steps: checkpoints up to that share of the last one.
    #[default]
    Steps,
    /// The checkpoints: that share of them, the first ones.
    Checkpoints,
}

/// Prints the errors of the forecasts beside the last value's; `--out` takes them one by one.
pub(super) fn run(args: &Args, share: f64, options: &Options) -> Result<()> {
    if !(share > 0.0 && share < 1.0) {
        let allowed = "a number above 0 and below 1";
        return Err(outcrop_core::Error::range("--backtest", share, allowed).into());
    }
    let trajectories = args.input.open()?;
    let failure = trajectories.failure();
    let all: Vec<_> = trajectories.collect();
    failure.check()?;
    let (of, words) = match args.of {
        Of::Steps => (Share::Steps(share), "training steps"),
        Of::Checkpoints => (Share::Checkpoints(share), "checkpoints"),
    };
    let found = backtest(&all, of, options);
    if let Some(path) = args.out.as_deref() {
        write_rows(&found.forecasts, args.format, Some(path))?;
    } else if !matches!(args.format, Format::Table) {
        return write_rows(&found.forecasts, args.format, None);
    }
    let error = |name: &str, of: fn(&Forecast) -> Option<f64>| {
        format!("  {name:<28} {}", significant(found.median_error(of)))
    };
    let lines = [
        format!(
            "{} of {} trajectories, fitted on the first {} % of their {words}; last step forecast",
            found.count(),
            all.len(),
            percent(share),
        ),
        "median |ln(forecast / observed)|".into(),
        error("average of the curves", |f| f.average),
        error("emergence curve", |f| f.emergence),
        error("log only", |f| f.log_only),
        error("last value (baseline)", |f| f.last_value),
        format!(
            "the {} % band holds the observed value in {} % of them",
            percent(options.level()),
            percent(found.coverage()),
        ),
    ];
    lines.iter().for_each(|line| print(line));
    Ok(())
}

/// A share in percent with at most one digit behind the point.
fn percent(share: f64) -> String {
    let tenths = (1000.0 * share).round() / 10.0;
    format!("{tenths}")
}
