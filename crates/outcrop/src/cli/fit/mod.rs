//! `outcrop fit`.

mod backtest;
mod display;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use outcrop_fit::{Options, fit_each, paper};
use outcrop_report::{Format as PlotFormat, fit_plot};

use super::input::{self, Input};
use super::output::{Format, Picture, RowSink, say};
use super::progress::Bar;
use super::weights::Weighing;
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop fit runs/mine                                 a run directory
  outcrop fit runs/quick --plots plots                  and a picture of every fit
  outcrop fit measurements.csv --out fits.csv --format csv
  outcrop fit trajectories.csv --weights raw --tau-min 0.01
                                                        plain least squares, as the paper minimises
  outcrop fit trajectories.csv --paper                  and how the paper itself searches
  outcrop fit pythia_70m                                the paper's published data set, or a part of it
  cat trajectories.csv | outcrop fit - --format json --intervals 0
  outcrop fit trajectories.csv --backtest 0.5           would half of the training have told the end?

A table is either of measurements (model,step,sequence,layer,top1,top2,top3,median) or of
trajectories (model,layer,step,ratio and, where known, sem). A layer that cannot be fitted has a row
with the reason. How to read the result is in docs/fitting.md.")]
pub(crate) struct Args {
    #[command(flatten)]
    input: Input,
    /// Fit only these hypotheses: `emergence`, `log only`, `critically damped step`,
    /// `first-order step`, `second-order step`, `logistic` [default: all].
    #[arg(long, value_delimiter = ',')]
    hypothesis: Vec<String>,
    #[command(flatten)]
    weighing: Weighing,
    /// Also run the paper's own procedure (SciPy's, from its start values), both forms; the others
    /// then minimise plain squares with tau0 down to 0.01 steps too, unless told otherwise.
    #[arg(long)]
    paper: bool,
    /// Evaluations after which a form of the paper's procedure has failed; SciPy's own limit is 500.
    #[arg(long, default_value_t = 20_000, value_name = "N", requires = "paper")]
    max_evaluations: usize,
    /// Probability of the intervals; 0 leaves them out.
    #[arg(long, default_value_t = 0.9, value_name = "LEVEL")]
    intervals: f64,
    /// Fit the first share of each trajectory, forecast its end, and say how well that went.
    /// Half, if no share is given.
    #[arg(
        long,
        value_name = "SHARE",
        num_args = 0..=1,
        default_missing_value = "0.5",
        conflicts_with_all = ["plots", "curves", "paper"]
    )]
    backtest: Option<f64>,
    /// What the share of a backtest is of.
    #[arg(long, value_enum, default_value_t, requires = "backtest")]
    of: backtest::Of,
    /// Where the fits go [default: standard output].
    #[arg(long, short)]
    out: Option<PathBuf>,
    /// Also write points of every fitted curve, with its band, to this CSV file.
    #[arg(long)]
    curves: Option<PathBuf>,
    /// Also draw every fit into this folder.
    #[arg(long, value_name = "DIR")]
    plots: Option<PathBuf>,
    /// Form of the plots.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Picture::Svg])]
    plot_format: Vec<Picture>,
    /// Form of the fits.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let options = options(args)?;
    if let Some(share) = args.backtest {
        return backtest::run(args, share, &options);
    }
    let mut writer = Writer::new(args)?;
    let trajectories = args.input.open()?;
    for fit in &trajectories.published {
        writer.fits.push(fit)?;
    }
    let progress = Bar::count("series");
    let failure = trajectories.failure();
    let mut outcome = Ok(());
    fit_each(trajectories, &options, |trajectory, found| {
        progress.one_more();
        outcome = writer.take(&trajectory, &found);
        if writer.is_idle() {
            return ControlFlow::Break(());
        }
        input::flow(&outcome)
    });
    progress.finish();
    outcome?;
    failure.check()?;
    writer.finish()
}

fn options(args: &Args) -> Result<Options> {
    // the paper's procedure minimises plain squares: so do we beside it
    let default = if args.paper {
        Options::paper_like()
    } else {
        Options::default()
    };
    let mut options = args.weighing.options(default)?;
    if !args.hypothesis.is_empty() {
        options = options.with_hypotheses(&args.hypothesis)?;
    }
    options = match args.intervals {
        0.0 => options.with_draws(0)?,
        level => options.with_level(level)?,
    };
    if args.paper {
        options = options.with_paper(paper::Options {
            max_evaluations: args.max_evaluations,
        });
    }
    if args.curves.is_none() && args.plots.is_none() {
        options = options.with_curve_points(0)?;
    }
    Ok(options)
}

/// Where everything that was asked for goes.
struct Writer<'a> {
    fits: RowSink<outcrop_core::Fit>,
    curves: Option<RowSink<outcrop_core::CurvePoint>>,
    plots: Option<(&'a Path, Vec<PlotFormat>)>,
    drawn: usize,
    tally: Tally,
}

/// What came of the series, for the last line.
#[derive(Default)]
struct Tally {
    series: usize,
    failed: usize,
    best: BTreeMap<String, usize>,
}

impl Tally {
    fn count(&mut self, fits: &[outcrop_core::Fit]) {
        self.series += 1;
        let best = fits.iter().find(|fit| fit.best);
        match best.or(fits.iter().find(|fit| fit.sse.is_some())) {
            Some(fit) => *self.best.entry(fit.hypothesis.clone()).or_default() += 1,
            None => self.failed += 1,
        }
    }

    fn line(&self) -> String {
        let best: Vec<String> = self
            .best
            .iter()
            .map(|(name, n)| format!("{name} {n}"))
            .collect();
        let failed = match self.failed {
            0 => String::new(),
            n => format!("; {n} without a fit, see status"),
        };
        format!("{} series; best: {}{failed}", self.series, best.join(", "))
    }
}

impl<'a> Writer<'a> {
    fn new(args: &'a Args) -> Result<Self> {
        let curves = args.curves.as_deref();
        let curves = curves.map(|path| RowSink::new(Format::Csv, Some(path), None));
        let plots = args.plots.as_deref().map(|folder| {
            (
                folder,
                args.plot_format.iter().map(Picture::format).collect(),
            )
        });
        if let Some((folder, _)) = &plots {
            outcrop_core::check_writable(folder)?;
        }
        Ok(Self {
            fits: RowSink::new(args.format, args.out.as_deref(), Some(display::table))?,
            curves: curves.transpose()?,
            plots,
            drawn: 0,
            tally: Tally::default(),
        })
    }

    fn take(
        &mut self,
        trajectory: &outcrop_core::Trajectory,
        found: &outcrop_fit::TrajectoryFit,
    ) -> Result<()> {
        self.tally.count(&found.fits);
        for fit in &found.fits {
            self.fits.push(fit)?;
        }
        if let Some(curves) = &mut self.curves {
            for point in &found.curves {
                curves.push(point)?;
            }
        }
        if let Some((folder, formats)) = &self.plots {
            let plot = fit_plot(trajectory, &found.fits, &found.curves);
            plot.write(folder, formats).map_err(Error::from)?;
            self.drawn += 1;
        }
        Ok(())
    }

    /// Whether nobody would see what comes.
    fn is_idle(&self) -> bool {
        self.fits.closed() && self.curves.is_none() && self.plots.is_none()
    }

    fn finish(self) -> Result<()> {
        if let Some((folder, _)) = self.plots {
            say(&format!("{} plots in {}", self.drawn, folder.display()));
        }
        if let Some(curves) = self.curves {
            curves.finish()?;
        }
        self.fits.finish()?;
        say(&self.tally.line());
        Ok(())
    }
}
