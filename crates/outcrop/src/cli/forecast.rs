//! `outcrop forecast`.

use std::path::PathBuf;

use outcrop_core::{CurvePoint, Forecast, Trajectory};
use outcrop_fit::{FitOptions, forecast};
use outcrop_report::forecast_plot;
use rayon::prelude::*;

use super::input::Input;
use super::output::{Picture, To, say, write_rows};
use super::schedules::{say_scheduled, with_schedules};
use super::weights::Weighing;
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop forecast runs/mine --at 20000             forecast every layer at step 20000
  outcrop forecast trajectories.csv --at 70000,143000 --until 40000 --plots plots
                                                    forecast from the steps up to 40000

`average` is the forecast: the emergence curve and the one without decay, averaged by their Akaike
weights. Where the learning rates of a run are known (run.toml or loss.csv of its folder, or a column
learning_rate of the table), it is the trend in schedule time instead (docs/fitting.md). `lo` and `hi` are the band for an observed value; `last_value` is the baseline that a
forecast must beat (see `outcrop fit --backtest`). `status` says why a forecast has no band, and
if it is extrapolated beyond 4 times the last fitted step.")]
pub(crate) struct Args {
    #[command(flatten)]
    input: Input,
    /// Steps to forecast.
    #[arg(long, required = true, value_delimiter = ',', value_name = "STEP")]
    at: Vec<u64>,
    /// Fit only checkpoints up to this step.
    #[arg(long, value_name = "STEP")]
    until: Option<u64>,
    #[command(flatten)]
    weighing: Weighing,
    /// Probability of the band.
    #[arg(long, default_value_t = 0.9, value_name = "LEVEL")]
    intervals: f64,
    /// Also draw every forecast into this folder.
    #[arg(long, value_name = "DIR")]
    plots: Option<PathBuf>,
    /// Format of the plots.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Picture::Svg])]
    plot_format: Vec<Picture>,
    #[command(flatten)]
    to: To,
}

/// Points of a drawn forecast.
const POINTS: u32 = 200;

pub(crate) fn run(args: &Args) -> Result<()> {
    let target = args.to.target()?;
    let options = args
        .weighing
        .options(FitOptions::default())?
        .with_level(args.intervals)?;
    let options = with_schedules(options, args.input.path())?;
    let formats: Vec<_> = args.plot_format.iter().map(Picture::format).collect();
    let steps: Vec<f64> = args.at.iter().map(|&step| step as f64).collect();
    if let Some(folder) = &args.plots {
        outcrop_core::check_writable(folder)?;
    }
    let trajectories = args.input.open()?;
    let failure = trajectories.failure();
    let trajectories: Vec<Trajectory> = trajectories.collect();
    failure.check()?;
    say_scheduled(&options, trajectories.iter().map(|t| t.model.clone()));
    let dense = match args.plots {
        Some(_) => dense(&steps),
        None => Vec::new(),
    };
    let one = |trajectory: &Trajectory| {
        let known = match args.until {
            Some(last) => trajectory.first(trajectory.steps.partition_point(|&t| t <= last)),
            None => trajectory.clone(),
        };
        // one fit for the table and the plot
        let mut rows = forecast(&known, &[&steps[..], &dense].concat(), &options);
        let curve = rows.split_off(steps.len());
        if let Some(folder) = &args.plots {
            let last = known.steps.last().copied().unwrap_or(0);
            let points: Vec<CurvePoint> = curve.into_iter().filter_map(point).collect();
            forecast_plot(trajectory, last, &points).write(folder, &formats)?;
        }
        let rows = rows.into_iter().map(|row| observed(trajectory, row));
        Ok(rows.collect())
    };
    let rows: Vec<Vec<Forecast>> = trajectories.par_iter().map(one).collect::<Result<_>>()?;
    if let Some(folder) = &args.plots {
        let count = trajectories.len();
        say(&format!("{count} plots in {}", folder.display()));
    }
    let rows = rows.concat();
    let Some(first) = rows.first() else {
        let reason = format!("forecast: {} has no trajectory", args.input.name());
        return Err(Error::Nothing(reason)); // and nothing takes the place of an older table
    };
    write_rows(&rows, &target)?;
    notes(&rows).iter().for_each(|note| say(note));
    match rows.iter().any(|row| row.average.is_some()) {
        true => Ok(()),
        false => Err(Error::Nothing(format!(
            "forecast any of {} trajectories; the first: {}",
            trajectories.len(),
            first.status
        ))),
    }
}

/// Notes on forecasts whose status is not `ok`.
fn notes(rows: &[Forecast]) -> Vec<String> {
    let far = rows.iter().filter(|row| row.is_far()).count();
    let bare = |row: &&Forecast| row.average.is_some() && row.lo.is_none() && row.hi.is_none();
    let bare = rows.iter().filter(bare).count();
    let (all, times) = (rows.len(), Forecast::FAR);
    let far = (far > 0).then(|| {
        format!(
            "warning: {far} of {all} forecasts are extrapolated beyond {times} times the last step that was \
             fitted: no measurement supports them"
        )
    });
    let bare =
        (bare > 0).then(|| format!("note: {bare} of {all} forecasts have no band, see status"));
    far.into_iter().chain(bare).collect()
}

/// A forecast with the measurement at that step, if there is one.
fn observed(trajectory: &Trajectory, row: Forecast) -> Forecast {
    let place = trajectory.steps.iter().position(|&t| t as f64 == row.step);
    Forecast {
        observed: place.and_then(|i| trajectory.ratios.get(i)).copied(),
        ..row
    }
}

/// Steps from 0 to the last one forecast, dense where curves bend.
fn dense(steps: &[f64]) -> Vec<f64> {
    let end = steps.iter().copied().fold(1.0, f64::max).ln_1p();
    let step = |i| (end * f64::from(i) / f64::from(POINTS)).exp_m1();
    (0..=POINTS).map(step).collect()
}

/// The average and its band as a point of a curve.
fn point(row: Forecast) -> Option<CurvePoint> {
    Some(CurvePoint {
        value: row.average?,
        value_lo: row.lo,
        value_hi: row.hi,
        model: row.model,
        layer: row.layer,
        hypothesis: "average".into(),
        step: row.step,
    })
}
