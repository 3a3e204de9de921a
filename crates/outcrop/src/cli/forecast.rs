//! `outcrop forecast`.

use std::path::PathBuf;

use outcrop_core::{CurvePoint, Forecast, Trajectory};
use outcrop_fit::{Options, forecast};
use outcrop_report::forecast_plot;
use rayon::prelude::*;

use super::input::Input;
use super::output::{Format, Picture, say, write_rows};
use super::weights::Weighing;
use crate::Result;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop forecast runs/mine --at 20000             what each layer will be at step 20000
  outcrop forecast trajectories.csv --at 70000,143000 --until 40000 --plots plots
                                                    as it would have been at step 40000

`average` is the forecast: the emergence curve and the one without decay, averaged by their Akaike
weights; `lo` and `hi` are the band for an observed value; `last_value` is the baseline that a
forecast has to beat (see `outcrop fit --backtest`).")]
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
    /// Form of the plots.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Picture::Svg])]
    plot_format: Vec<Picture>,
    /// Where the table goes [default: standard output].
    #[arg(long, short)]
    out: Option<PathBuf>,
    /// Form of the table.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Points of a drawn forecast.
const POINTS: u32 = 200;

pub(crate) fn run(args: &Args) -> Result<()> {
    let options = args
        .weighing
        .options(Options::default())?
        .with_level(args.intervals)?;
    let formats: Vec<_> = args.plot_format.iter().map(Picture::format).collect();
    let steps: Vec<f64> = args.at.iter().map(|&step| step as f64).collect();
    if let Some(folder) = &args.plots {
        outcrop_core::check_writable(folder)?;
    }
    let trajectories = args.input.open()?;
    let failure = trajectories.failure();
    let trajectories: Vec<Trajectory> = trajectories.collect();
    failure.check()?;
    let rows = trajectories.par_iter().flat_map_iter(|trajectory| {
        let rows = forecast(&until(trajectory, args.until), &steps, &options);
        rows.into_iter().map(|row| observed(trajectory, row))
    });
    let rows: Vec<Forecast> = rows.collect();
    if let Some(folder) = &args.plots {
        trajectories.par_iter().try_for_each(|trajectory| {
            let known = until(trajectory, args.until);
            let last = known.steps.last().copied().unwrap_or(0);
            let curve = curve(&known, &steps, &options);
            let plot = forecast_plot(trajectory, last, &curve);
            plot.write(folder, &formats).map(drop)
        })?;
        say(&format!(
            "{} plots in {}",
            trajectories.len(),
            folder.display()
        ));
    }
    write_rows(&rows, args.format, args.out.as_deref())
}

/// A forecast with what is known of that step.
fn observed(trajectory: &Trajectory, row: Forecast) -> Forecast {
    let place = trajectory.steps.iter().position(|&t| t as f64 == row.step);
    Forecast {
        observed: place.and_then(|i| trajectory.ratios.get(i)).copied(),
        ..row
    }
}

/// The part of a trajectory up to `last`.
fn until(trajectory: &Trajectory, last: Option<u64>) -> Trajectory {
    let mut known = trajectory.clone();
    if let Some(last) = last {
        let n = known.steps.iter().take_while(|&&t| t <= last).count();
        known.steps.truncate(n);
        known.ratios.truncate(n);
        known.sem.truncate(n);
    }
    known
}

/// The average and its band from step 0 to the last one forecast.
fn curve(known: &Trajectory, steps: &[f64], options: &Options) -> Vec<CurvePoint> {
    let end = steps.iter().copied().fold(1.0, f64::max);
    let dense: Vec<f64> = (0..=POINTS)
        .map(|i| (end.ln_1p() * f64::from(i) / f64::from(POINTS)).exp_m1())
        .collect();
    let point = |row: Forecast| {
        Some(CurvePoint {
            value: row.average?,
            value_lo: row.lo,
            value_hi: row.hi,
            model: row.model,
            layer: row.layer,
            hypothesis: "average".into(),
            step: row.step,
        })
    };
    let rows = forecast(known, &dense, options).into_iter();
    rows.filter_map(point).collect()
}
