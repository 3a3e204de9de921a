use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use outcrop_core::table::{self, Loaded};
use outcrop_core::{
    Error as CoreError, Fit, Measurement, Provenance, Stages, Trajectory, TrajectoryOptions,
};
use outcrop_report::{Inputs, write_report};

use super::address::address;
use super::beside;
use super::input::good_rows;
use super::output::{folder, print, say};
use super::voice::detail;
use crate::{Error, Result};

/// The tables that a report uses.
const TABLES: [&str; 11] = [
    "architectures",
    "measurements",
    "trajectories",
    "fits",
    "curves",
    "loss",
    "scores",
    "predictions",
    "observables",
    "events",
    "effects",
];

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop report runs/quick
  outcrop report runs/mine --out mine-report     a single run: all figures that its tables allow

Reads those of these tables that exist: architectures.csv, measurements.csv, trajectories.csv,
fits.csv, curves.csv, loss.csv, scores.csv, predictions.csv, observables.csv, events.csv, effects.csv (each may end in .csv.gz),
provenance.json; predicted.csv, verdicts.txt, and explain/shapley.csv of `outcrop explain`.")]
pub(crate) struct Args {
    /// A folder with tables.
    folder: PathBuf,
    /// Where report.html and figures/ go [default: FOLDER/report].
    #[arg(long)]
    out: Option<PathBuf>,
    /// Title of the page.
    #[arg(long)]
    title: Option<String>,
    /// Also draw steps that an audit suspects.
    #[arg(long)]
    include_suspect: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let out = match &args.out {
        Some(out) => folder(out, "--out")?.to_owned(),
        None => args.folder.join("report"),
    };
    let html = write_into(args, &out)?;
    print(&format!("report: {}", html.display()));
    Ok(())
}

/// Writes the report of a folder with tables into another.
pub(super) fn write(folder: &Path, out: &Path) -> Result<()> {
    let args = Args {
        folder: folder.to_owned(),
        out: None,
        title: None,
        include_suspect: false,
    };
    write_into(&args, out).map(|_| ())
}

/// What a report of a folder with tables is made of.
pub(super) fn inputs(folder: &Path, include_suspect: bool) -> Result<Inputs> {
    read(&Args {
        folder: folder.to_owned(),
        out: None,
        title: None,
        include_suspect,
    })
}

fn write_into(args: &Args, out: &Path) -> Result<PathBuf> {
    let title = args.title.clone();
    let inputs = read(args)?;
    if inputs.is_empty() {
        return Err(Error::Nothing(format!(
            "report on {}: none of {} is there with a row; `outcrop train`, `measure` and `fit` write \
             them",
            args.folder.display(),
            TABLES.map(|name| format!("{name}.csv")).join(", ")
        )));
    }
    look_for_ratios(&inputs, &args.folder)?;
    let inputs = Inputs {
        title: title.unwrap_or_else(|| format!("Massive activations: {}", args.folder.display())),
        ..inputs
    };
    Ok(write_report(&inputs, out)?.html)
}

/// The files of the tables that a folder has, by the name of the table.
pub(super) fn files(folder: &Path) -> BTreeMap<&'static str, PathBuf> {
    let found = TABLES.into_iter();
    let found = found.filter_map(|name| Some((name, table::in_folder(folder, name)?)));
    found.collect()
}

/// The tables of a folder as a page in `out` sees them, or in the folder `report` of the folder.
fn seen(folder: &Path, out: Option<&Path>) -> BTreeMap<String, String> {
    let address = |file: PathBuf| match out {
        Some(out) => address(&file, out),
        None => Some(format!("../{}", file.file_name()?.to_str()?)),
    };
    let found = files(folder).into_iter();
    let found = found.filter_map(|(name, file)| Some((name.to_owned(), address(file)?)));
    found.collect()
}

/// A report needs ratios. If the measurements have none, it says so; without other data there is no report.
fn look_for_ratios(inputs: &Inputs, folder: &Path) -> Result<()> {
    let finite = |t: &Trajectory| t.ratios.iter().any(|ratio| ratio.is_finite());
    let (measured, layers) = (inputs.measurements.len(), inputs.trajectories.len());
    if measured + layers == 0 || inputs.trajectories.iter().any(finite) {
        return Ok(());
    }
    let without = match measured {
        0 => format!("none of {layers} trajectories has a finite ratio"),
        _ => format!("none of {measured} measurements has a ratio (top1 over median, both finite)"),
    };
    let others = [
        !inputs.fits.is_empty(),
        !inputs.curves.is_empty(),
        inputs
            .losses
            .iter()
            .any(|loss| loss.held_out_loss.is_finite()),
        !inputs.scores.is_empty(),
        !inputs.predictions.is_empty(),
        !inputs.observations.is_empty(),
        !inputs.effects.is_empty(),
    ];
    if others.contains(&true) {
        say(&format!(
            "warning: {without}: the figures of ratios are empty"
        ));
        return Ok(());
    }
    let folder = folder.display();
    let reason = format!(
        "report on {folder}: {without}, nor is there a fit, a loss, a score, a prediction, an observable or an effect: nothing could be drawn"
    );
    Err(Error::Nothing(reason))
}

fn read(args: &Args) -> Result<Inputs> {
    let io = |e| CoreError::io("read folder", &args.folder, e);
    std::fs::read_dir(&args.folder).map_err(io)?;
    let [
        archs,
        measurements,
        trajectories,
        fits,
        curves,
        losses,
        scores,
        predictions,
        observations,
        events,
        effects,
    ] = TABLES.map(|name| table::in_folder(&args.folder, name));
    let mut inputs = Inputs {
        archs: rows(&archs, table::architectures)?,
        measurements: rows(&measurements, table::measurements)?,
        trajectories: rows(&trajectories, table::trajectories)?,
        fits: rows(&fits, crate::fits::read)?,
        curves: rows(&curves, table::read_rows)?,
        losses: rows(&losses, table::read_rows)?,
        scores: rows(&scores, table::read_rows)?,
        predictions: rows(&predictions, table::read_rows)?,
        observations: rows(&observations, table::observations)?,
        events: rows(&events, table::read_rows)?,
        effects: rows(&effects, table::read_rows)?,
        predicted: beside::predicted(&args.folder)?,
        attributions: beside::attributions(&args.folder)?,
        verdicts: beside::verdicts(&args.folder),
        corpora: beside::corpora(&args.folder),
        tables: seen(&args.folder, args.out.as_deref()),
        ..Inputs::default()
    };
    // a run directory has those that its spec sets, and no others
    if inputs.events.iter().all(|one| one.event.is_set()) {
        let rates = crate::events::rates_in(&args.folder);
        let found = crate::events::of_runs(&inputs.losses, &inputs.measurements, &rates);
        inputs.events = crate::events::with_set(found, inputs.events);
    }
    // the means hold what rows of single sequences say
    inputs.observations.retain(|row| row.sequence.is_none());
    if !args.include_suspect {
        leave_out_suspects(&mut inputs.measurements);
    }
    // what was asked for counts like the rest
    inputs
        .measurements
        .iter_mut()
        .for_each(|row| row.suspect = None);
    if trajectories.is_none() {
        let options = TrajectoryOptions {
            include_suspect: args.include_suspect,
            ..TrajectoryOptions::default()
        };
        inputs.trajectories = Trajectory::from_measurements(&inputs.measurements, options);
    }
    inputs.trajectories = Stages::default().choose(inputs.trajectories)?;
    older_fits(&inputs, &args.folder);
    let provenance = args.folder.join("provenance.json");
    if provenance.is_file() {
        inputs.provenance = Provenance::read(&provenance)?;
    }
    Ok(inputs)
}

/// Removes steps that an audit suspects, and says so.
pub(super) fn leave_out_suspects(rows: &mut Vec<Measurement>) {
    let suspect = |row: &Measurement| Some(((row.model.clone(), row.step), row.suspect.clone()?));
    let suspects: BTreeMap<(String, u64), String> = rows.iter().filter_map(suspect).collect();
    rows.retain(|row| row.suspect.is_none());
    table::left_out(&suspects)
        .iter()
        .for_each(|problem| say(&format!("warning: {problem}")));
}

/// Warns if layers were fitted to other steps than are measured now, for example to those of an unfinished run.
fn older_fits(inputs: &Inputs, folder: &Path) {
    let points = |fit: &Fit| {
        let mut trajectories = inputs.trajectories.iter();
        let own = trajectories.find(|t| t.model == fit.model && t.layer == fit.layer)?;
        Some(own.steps.len())
    };
    let fitted = inputs.fits.iter().filter(|fit| fit.sse.is_some());
    let mut older = fitted.filter_map(|fit| Some((fit, points(fit)?)));
    if let Some((fit, now)) = older.find(|(fit, now)| fit.n != *now) {
        say(&format!(
            "warning: model {} layer {} was fitted to {} points and has {now}; if steps came later, fit \
             again: outcrop fit {}",
            fit.model,
            fit.layer,
            fit.n,
            folder.display()
        ));
    }
}

/// The good rows of a table; empty if the table does not exist.
pub(super) fn rows<T>(
    path: &Option<PathBuf>,
    read: impl Fn(&Path) -> outcrop_core::Result<Loaded<T>>,
) -> Result<Vec<T>> {
    let Some(path) = path else {
        return Ok(Vec::new());
    };
    detail(|| format!("reading {}", path.display()));
    good_rows(path, read(path)?)
}
