//! `outcrop compare`: runs side by side.

mod page;
mod paired;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use outcrop_core::table::{self, Row, Streamed};
use outcrop_core::{
    Error as CoreError, LossPoint, Stages, Trajectory, TrajectoryOptions, open_trajectories,
};
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::cli::folders::{architectures, runs_among, spec};
use crate::cli::input::{Average, good_rows};
use crate::cli::output::{To, columns, print, say, write_rows};
use crate::cli::trajectories::read_observed;
use crate::cli::voice::detail;
use crate::effects::{self, Settings};
use paired::Paired;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop compare runs/mine runs/default            two run directories
  outcrop compare runs/quick                        all runs of a results folder
  outcrop compare runs/mine measured/pythia-14m --format csv
  outcrop compare runs/mine runs/default --observable value_drain@values,norm_first_over_mean
  outcrop compare runs/mine runs/default --report compared   both in one report, with the settings that differ first
  outcrop compare runs/control --paired --baseline default --figure effects.svg
                                                    the effect of every variant of a recipe, paired over seeds

First the settings that differ (from run.toml, or else architectures.csv), then one row for
every layer: its ratio (or observable) at the first and the last step, the largest with its step, and the last losses of
the model. For CSV and JSON the settings go to standard error.

With --paired, runs whose specs differ in `train.seed` alone are one variant. Each variant is compared with the baseline
seed by seed: one row for every quantity and variant, with an interval that holds for all variants together. docs/comparing.md
explains quantities and intervals.")]
pub(crate) struct Args {
    /// Run directories, folders of measured checkpoints, results folders.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Compare these observables (observables.csv of each run), at every place or at one, rather than ratios.
    #[arg(long, value_name = "NAME[@PLACE]", value_delimiter = ',')]
    observable: Vec<String>,
    /// How the ratio is averaged over sequences.
    #[arg(long, value_enum, default_value_t)]
    ratio: Average,
    /// Include steps that an audit suspects, such as copies of other steps.
    #[arg(long)]
    include_suspect: bool,
    /// Also write one report of all runs into this folder: settings that differ, then figures and tables of all models.
    #[arg(long, value_name = "FOLDER", conflicts_with = "paired")]
    report: Option<PathBuf>,
    #[command(flatten)]
    paired: Paired,
    #[command(flatten)]
    to: To,
}

/// One layer of one model.
#[derive(Clone, Serialize, Deserialize)]
struct Line {
    run: String,
    model: String,
    layer: u32,
    first_step: u64,
    first: f64,
    last_step: u64,
    last: f64,
    largest: f64,
    largest_step: u64,
    loss: Option<f64>,
    held_out_loss: Option<f64>,
    observable: String,
}

impl Row for Line {
    const REQUIRED: &'static [&'static str] = Self::HEADER;
    const HEADER: &'static [&'static str] = &[
        "run",
        "model",
        "layer",
        "first_step",
        "first",
        "last_step",
        "last",
        "largest",
        "largest_step",
        "loss",
        "held_out_loss",
        "observable",
    ];
    const NAMED: &'static [&'static str] = &["run", "model", "observable"];

    fn key(&self) -> String {
        let Self {
            run,
            model,
            layer,
            observable,
            ..
        } = self;
        format!("run {run:?}, model {model:?}, layer {layer}, observable {observable:?}")
    }
}

/// A model of a run, by the name of its run and its own.
type ModelOfRun = (String, String);

pub(crate) fn run(args: &Args) -> Result<()> {
    let target = args.to.target()?;
    if args.paired.is_asked() {
        return args.paired.run(&runs_among(&args.runs)?, &target);
    }
    let (mut lines, mut settings) = (Vec::new(), Vec::new());
    let runs = runs_among(&args.runs)?;
    for run in &runs {
        detail(|| format!("reading {}", run.display()));
        settings.extend(settings_of(run)?);
        let layers = layers(run, args)?;
        if layers.is_empty() {
            say(&format!(
                "warning: {}: no layer has a ratio at any step",
                run.display()
            ));
        }
        lines.extend(layers);
    }
    if lines.is_empty() {
        let reason = "no layer has a ratio at any step";
        return Err(CoreError::parse(names(&args.runs), reason).into());
    }
    let show = match target.is_read_here() {
        true => print,
        false => say,
    };
    show(&(differences(&settings) + "\n"));
    write_rows(&lines, &target)?;
    match &args.report {
        Some(out) => page::write(&runs, &settings, args.include_suspect, out),
        None => Ok(()),
    }
}

fn names(runs: &[PathBuf]) -> String {
    let names: Vec<String> = runs.iter().map(|r| r.display().to_string()).collect();
    names.join(", ")
}

/// The settings of the model in run.toml, or else of every model in architectures.csv; empty without either.
fn settings_of(run: &Path) -> Result<Vec<(ModelOfRun, Settings)>> {
    let name = run.display().to_string();
    if let Some(spec) = spec(run)? {
        let (model, settings) = effects::of_spec(&spec, &name)?;
        return Ok(vec![((name, model), settings)]);
    }
    if !run.join("architectures.csv").is_file() {
        return Ok(Vec::new());
    }
    let archs = architectures(run)?.into_iter().map(|named| {
        let table = toml::Value::try_from(&named.arch);
        let table = table.map_err(|e| CoreError::parse("an architecture", e))?;
        let settings = effects::of_document("arch", &table);
        Ok(((name.clone(), named.model), settings))
    });
    archs.collect()
}

/// The settings in which models differ, by name.
fn differing(models: &[(ModelOfRun, Settings)]) -> Vec<&String> {
    let mut keys: Vec<&String> = models.iter().flat_map(|(_, s)| s.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.retain(|key| {
        models
            .iter()
            .any(|(_, s)| s.get(*key) != models[0].1.get(*key))
    });
    keys
}

/// One row for each model, one column for each setting that differs.
fn differences(models: &[(ModelOfRun, Settings)]) -> String {
    let keys = differing(models);
    if models.len() < 2 {
        return "settings: none to compare".into();
    }
    if keys.is_empty() {
        return format!("settings: all the same in {} models", models.len());
    }
    let mut header = vec!["run".to_owned(), "model".to_owned()];
    header.extend(keys.iter().map(|key| key.to_string()));
    let mut rows = vec![header];
    rows.extend(models.iter().map(|((run, model), settings)| {
        let value = |key: &&String| settings.get(*key).cloned().unwrap_or_else(|| "-".into());
        let mut row = vec![run.clone(), model.clone()];
        row.extend(keys.iter().map(value));
        row
    }));
    columns(&rows)
}

/// A row for every measured layer.
fn layers(run: &Path, args: &Args) -> Result<Vec<Line>> {
    let options = TrajectoryOptions {
        ratio: args.ratio.ratio(),
        include_suspect: args.include_suspect,
        ..TrajectoryOptions::default()
    };
    let losses = losses(run)?;
    let mut lines = Vec::new();
    if !args.observable.is_empty() {
        for one in read_observed(run, &args.observable, &Stages::default())? {
            let loss = losses.get(one.model());
            lines.extend(line(run, &one.trajectory, &one.name(), loss));
        }
        return Ok(lines);
    }
    for item in open_trajectories(run, options)? {
        match item? {
            Streamed::Row(trajectory) => {
                let loss = losses.get(&trajectory.model);
                lines.extend(line(run, &trajectory, "ratio", loss));
            }
            Streamed::Problem(problem) => say(&format!("warning: {problem}")),
        }
    }
    Ok(lines)
}

fn line(
    run: &Path,
    trajectory: &Trajectory,
    observable: &str,
    loss: Option<&LossPoint>,
) -> Option<Line> {
    let points = trajectory.steps.iter().zip(&trajectory.ratios);
    let mut points: Vec<_> = points.filter(|(_, ratio)| ratio.is_finite()).collect();
    points.sort_by_key(|(step, _)| **step);
    let (first, last) = (points.first()?, points.last()?);
    let earliest = points.iter().rev();
    let largest = earliest.max_by(|a, b| a.1.total_cmp(b.1))?;
    Some(Line {
        run: run.display().to_string(),
        model: trajectory.model.clone(),
        layer: trajectory.layer,
        observable: observable.to_owned(),
        first_step: *first.0,
        first: *first.1,
        last_step: *last.0,
        last: *last.1,
        largest: *largest.1,
        largest_step: *largest.0,
        loss: loss.and_then(|loss| loss.loss),
        held_out_loss: loss.map(|loss| loss.held_out_loss),
    })
}

/// The loss of each model at its last step; none where losses were not written.
fn losses(run: &Path) -> Result<BTreeMap<String, LossPoint>> {
    let mut last: BTreeMap<String, LossPoint> = BTreeMap::new();
    let Some(path) = table::in_folder(run, "loss") else {
        return Ok(last);
    };
    for loss in good_rows(&path, table::read_rows::<LossPoint>(&path)?)? {
        let known = last.get(&loss.model);
        if known.is_none_or(|known| known.step <= loss.step) {
            last.insert(loss.model.clone(), loss);
        }
    }
    Ok(last)
}
