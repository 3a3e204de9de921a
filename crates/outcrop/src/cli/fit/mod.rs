//! `outcrop fit`.

mod backtest;
mod display;
mod held;
mod observable;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use outcrop_core::FolderLock;
use outcrop_core::table::TableLayout;
use outcrop_fit::{DEFAULT_HYPOTHESES, FitOptions, HYPOTHESES, fit_each, paper};
use outcrop_report::{Format as PlotFormat, fit_plot};

use self::held::Held;
use super::clock::holder;
use super::folders::is_run;
use super::input::{self, Input};
use super::output::{Destination, Format, Picture, RowSink, To, print, say};
use super::progress::Bar;
use super::schedules::with_schedules;
use super::weights::Weighing;
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop fit runs/mine                                 a run directory; fits.csv and curves.csv go into it
  outcrop fit runs/quick --plots plots                  also draw every fit
  outcrop fit runs/mine --out -                         only print, write nothing
  outcrop fit measurements.csv --out fits.csv           or fits.json, fits.parquet
  outcrop fit trajectories.csv --weights raw --tau-min 0.01
                                                        plain least squares, as in the paper
  outcrop fit trajectories.csv --paper                  also the paper's own procedure
  outcrop fit pythia_70m                                the paper's published data set, or a part of it
  cat trajectories.csv | outcrop fit - --format json --intervals 0
  outcrop fit observables.csv --observable near_zero --scale logit
                                                        an observable of a long table
  outcrop fit trajectories.csv --backtest 0.5           forecast the end from half of the training

The fits of a folder go into it as fits.csv, with their curves as curves.csv, where `outcrop report` and
`predict` find them, unless --out or --format says otherwise; those of a table are printed.

A table is either of measurements (model,step,sequence,layer,top1,top2,top3,median) or of
trajectories (model,layer,step,ratio and, where known, sem). Of a run with stages (columns stage and
position) one is fitted (--stage), or all as one (--join-stages). A layer that cannot be fitted has a row
with the reason. Hypotheses in schedule
time and backtests go by the learning rates of the runs (run.toml or loss.csv of their folders, or a
column learning_rate of the table). How to read the result is in docs/fitting.md.")]
pub(crate) struct Args {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    which: observable::Which,
    #[arg(long, value_delimiter = ',', help = which_hypotheses())]
    hypothesis: Vec<String>,
    #[command(flatten)]
    weighing: Weighing,
    /// Also run the paper's own procedure (SciPy's, from the paper's start values), in both forms; by default the other
    /// hypotheses then minimise plain squares, too, with tau0 down to 0.01 steps.
    #[arg(long)]
    paper: bool,
    /// Evaluations after which a form of the paper's procedure has failed; SciPy's own limit is 500.
    #[arg(long, default_value_t = 20_000, value_name = "N", requires = "paper")]
    max_evaluations: usize,
    /// Probability of the intervals; 0 leaves them out.
    #[arg(long, default_value_t = 0.9, value_name = "LEVEL")]
    intervals: f64,
    /// Fit the first share of each trajectory, forecast its end, and print the errors. Half, if no share is given.
    #[arg(
        long,
        value_name = "SHARE",
        num_args = 0..=1,
        default_missing_value = "0.5",
        conflicts_with_all = ["plots", "curves", "paper"]
    )]
    backtest: Option<f64>,
    /// What the share of a backtest refers to.
    #[arg(long, value_enum, default_value_t, requires = "backtest")]
    of: backtest::Of,
    #[command(flatten)]
    to: To,
    /// Also write points of every fitted curve, with its band, to this file (.csv, .json, .parquet) [default:
    /// curves.csv beside fits.csv, if that is written into a folder].
    #[arg(long, value_name = "FILE")]
    curves: Option<PathBuf>,
    /// Also draw every fit into this folder.
    #[arg(long, value_name = "DIR")]
    plots: Option<PathBuf>,
    /// Format of the plots.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Picture::Svg])]
    plot_format: Vec<Picture>,
}

fn which_hypotheses() -> String {
    let names = HYPOTHESES.iter().map(|h| format!("`{}`", h.about().name));
    let names = names.collect::<Vec<_>>().join(", ");
    let default = DEFAULT_HYPOTHESES.len();
    format!("Fit only these hypotheses: {names} [default: the first {default}]")
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let options = with_schedules(options(args)?, args.input.path())?;
    if let Some(share) = args.backtest {
        return backtest::run(args, share, &options);
    }
    let places = Places::new(args)?;
    let _lock = places.lock()?;
    let options = match places.curves.is_none() && args.plots.is_none() {
        true => options.with_curve_points(0)?,
        false => options,
    };
    if let Some(observable) = &args.which.observable {
        let found = args.which.fit(
            args.input.path(),
            observable,
            &args.input.stages(),
            &options,
        )?;
        let mut writer = Writer::new(args, places, &options)?;
        for (one, fitted) in &found {
            writer.take(&one.trajectory, fitted)?;
        }
        return writer.finish(&args.input.name());
    }
    let trajectories = args.input.open()?;
    let mut writer = Writer::new(args, places, &options)?;
    for fit in &trajectories.published {
        writer.write(fit)?;
    }
    writer.tally.published = trajectories.published.len();
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
    writer.finish(&args.input.name())
}

fn options(args: &Args) -> Result<FitOptions> {
    // the paper's procedure minimises plain squares: so do we beside it
    let default = if args.paper {
        FitOptions::paper_like()
    } else {
        FitOptions::default()
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
        options = options.with_paper(paper::PaperOptions {
            max_evaluations: args.max_evaluations,
        });
    }
    Ok(options)
}

/// Where the tables go.
struct Places<'a> {
    fits: Destination,
    curves: Option<Destination>,
    /// The folder into which they go by default; the fits are printed then, too.
    folder: Option<&'a Path>,
}

impl<'a> Places<'a> {
    fn new(args: &'a Args) -> Result<Self> {
        // the fits of a folder are those of the ratio
        let is_ratio = args.which.observable.is_none();
        let folder = args
            .input
            .folder()
            .filter(|_| args.to.is_open() && is_ratio);
        let csv = |folder: &Path, name| Destination::file(&folder.join(name), Format::Csv);
        let curves = args.curves.as_deref();
        let curves = curves
            .map(|path| Destination::by_suffix(path, "--curves"))
            .transpose()?;
        Ok(Self {
            fits: match folder {
                Some(folder) => csv(folder, "fits.csv"),
                None => args.to.target()?,
            },
            curves: curves.or_else(|| folder.map(|folder| csv(folder, "curves.csv"))),
            folder,
        })
    }

    /// Locks the folder of a run into which the fits go.
    fn lock(&self) -> Result<Option<FolderLock>> {
        let beside = self.fits.file.as_deref().and_then(Path::parent);
        let folder = self.folder.or(beside.filter(|folder| is_run(folder)));
        let lock = folder.map(|folder| FolderLock::acquire(folder, &holder("fit")));
        Ok(lock.transpose()?)
    }
}

/// Writes everything that was asked for.
struct Writer<'a> {
    fits: RowSink<outcrop_core::Fit>,
    shown: Option<RowSink<outcrop_core::Fit>>,
    curves: Option<RowSink<outcrop_core::CurvePoint>>,
    folder: Option<&'a Path>,
    plots: Option<(&'a Path, Vec<PlotFormat>)>,
    drawn: usize,
    tally: Tally,
}

/// Results of the series, for the last line.
#[derive(Default)]
struct Tally {
    series: usize,
    failed: usize,
    published: usize,
    /// Why the first that failed did.
    reason: String,
    best: BTreeMap<String, usize>,
}

impl Tally {
    fn count(&mut self, fits: &[outcrop_core::Fit]) {
        self.series += 1;
        let best = fits.iter().find(|fit| fit.best);
        match best.or(fits.iter().find(|fit| fit.sse.is_some())) {
            Some(fit) => *self.best.entry(fit.hypothesis.clone()).or_default() += 1,
            None => {
                if let (0, Some(fit)) = (self.failed, fits.first()) {
                    self.reason.clone_from(&fit.status);
                }
                self.failed += 1;
            }
        }
    }

    /// A failure where nothing was fitted.
    fn check(&self, input: &str) -> Result<()> {
        match (self.series, self.failed) {
            (0, 0) if self.published > 0 => Err(Error::Nothing(format!(
                "fit: {input} has no trajectory; it has {} published fits",
                self.published
            ))),
            (0, _) => Err(Error::Nothing(format!("fit: {input} has no trajectory"))),
            (series, failed) if series == failed => Err(Error::Nothing(format!(
                "fit any of the {series} series of {input}; the first: {}",
                self.reason
            ))),
            _ => Ok(()),
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
        let best = match best.is_empty() {
            true => String::new(),
            false => format!("; best: {}", best.join(", ")),
        };
        format!("{} series{best}{failed}", self.series)
    }
}

impl<'a> Writer<'a> {
    fn new(args: &'a Args, places: Places<'a>, options: &FitOptions) -> Result<Self> {
        let plots = args.plots.as_deref().map(|folder| {
            (
                folder,
                args.plot_format.iter().map(Picture::format).collect(),
            )
        });
        if let Some((folder, _)) = &plots {
            outcrop_core::check_writable(folder)?;
        }
        let shown = places.folder.map(|_| Destination::standard(Format::Table));
        let layout = crate::fits::layout_with(&options.hypotheses())?;
        let show =
            |target: &Destination| RowSink::new(target, layout.clone(), Some(display::table));
        let curves = places.curves.as_ref();
        Ok(Self {
            fits: show(&places.fits)?,
            shown: shown.as_ref().map(show).transpose()?,
            curves: curves
                .map(|target| RowSink::new(target, TableLayout::default(), None))
                .transpose()?,
            folder: places.folder,
            plots,
            drawn: 0,
            tally: Tally::default(),
        })
    }

    fn write(&mut self, fit: &outcrop_core::Fit) -> Result<()> {
        if let Some(shown) = &mut self.shown {
            shown.push(fit)?;
        }
        self.fits.push(fit)
    }

    fn take(
        &mut self,
        trajectory: &outcrop_core::Trajectory,
        found: &outcrop_fit::TrajectoryFit,
    ) -> Result<()> {
        self.tally.count(&found.fits);
        for fit in &found.fits {
            self.write(fit)?;
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

    /// Whether the results would go nowhere.
    fn is_idle(&self) -> bool {
        self.fits.closed() && self.curves.is_none() && self.plots.is_none()
    }

    fn finish(self, input: &str) -> Result<()> {
        let tally = self.tally;
        if let Some((folder, _)) = self.plots {
            say(&format!("{} plots in {}", self.drawn, folder.display()));
        }
        if tally.series + tally.published == 0 {
            return tally.check(input); // and nothing takes the place of older tables
        }
        let held = self.folder.map(|folder| Held::of(&folder.join("fits.csv")));
        if let Some(curves) = self.curves {
            curves.finish()?;
        }
        self.fits.finish()?;
        held.iter().for_each(Held::say_if_replaced);
        if let Some(shown) = self.shown {
            shown.finish()?;
        }
        say(&tally.line());
        if let Some(folder) = self.folder {
            let folder = folder.display();
            print(&format!(
                "fits.csv and curves.csv are in {folder}; a page of them: outcrop report {folder}"
            ));
        }
        tally.check(input)
    }
}
