//! `outcrop export`: the tables of a run for other tools.

mod live;
mod tables;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use outcrop_core::table;
use outcrop_core::{LossPoint, Measurement, Observation};
use outcrop_export::{MeasuredRun, runs, tensorboard, wandb};

pub(super) use self::live::Live;
use super::folders::spec;
use super::output::{Format, folder, print, write_file};
use super::{clock, report};
use crate::{Error, Result, effects};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop export runs/mine --tensorboard     then: tensorboard --logdir runs
  outcrop export runs/mine --wandb-offline   then: wandb sync runs/mine/wandb/offline-run-*
  outcrop export runs/mine --parquet --out tables
  outcrop export runs/mine --jsonl           every table as a file with a record a line

--tensorboard and --wandb-offline write what measurements.csv, loss.csv and observables.csv hold: losses, learning rate,
gradient norm, the ratio of every layer, observables by layer, and histograms of magnitudes (docs/watching.md). Steps that an
audit suspects are left out. --parquet and --jsonl write every table that the folder has.")]
#[command(group(clap::ArgGroup::new("form").required(true)))]
pub(crate) struct Args {
    /// A run directory, a folder of measured checkpoints, a results folder.
    run: PathBuf,
    /// Write an event file of TensorBoard.
    #[arg(long, group = "form")]
    tensorboard: bool,
    /// Write an offline run of Weights & Biases, which `wandb sync` uploads.
    #[arg(long, group = "form")]
    wandb_offline: bool,
    /// Write every table as a Parquet file.
    #[arg(long, group = "form")]
    parquet: bool,
    /// Write every table as a file of JSON lines.
    #[arg(long, group = "form")]
    jsonl: bool,
    /// The project of Weights & Biases.
    #[arg(long, value_name = "NAME", default_value = "outcrop")]
    project: String,
    /// The folder into which files go [default: the run itself for TensorBoard; RUN/wandb, RUN/parquet or RUN/jsonl].
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let out = args.out.as_deref();
    let out = out.map(|out| folder(out, "--out")).transpose()?;
    let within = |name: &str| out.map_or_else(|| args.run.join(name), Path::to_owned);
    match () {
        () if args.tensorboard => board(args, out.unwrap_or(&args.run)),
        () if args.wandb_offline => offline(args, &within("wandb")),
        () if args.parquet => tables::write(&args.run, &within("parquet"), Format::Parquet),
        () => tables::write(&args.run, &within("jsonl"), Format::Jsonl),
    }
}

/// One event file for each model: in `out` itself where there is one, or else each in a folder of its own.
fn board(args: &Args, out: &Path) -> Result<()> {
    let (runs, time) = measured(&args.run)?;
    for run in &runs {
        let folder = match runs.len() {
            1 => out.to_owned(),
            _ => out.join("tensorboard").join(part(&run.name)),
        };
        let file = folder.join(tensorboard::FILE_NAME);
        write_file(&file, &tensorboard::file(&run.snapshots, time))?;
        print(&format!("wrote {}", file.display()));
    }
    Ok(())
}

/// One offline run for each model.
fn offline(args: &Args, out: &Path) -> Result<()> {
    let (runs, time) = measured(&args.run)?;
    let spec = spec(&args.run)?;
    let settings = spec.map(|spec| effects::of_spec(&spec, &args.run.display().to_string()));
    let (_, settings) = settings.transpose()?.unwrap_or_default();
    for run in &runs {
        let about = wandb::About {
            id: wandb::id(&run.name),
            project: args.project.clone(),
            config: settings.iter().map(json).collect(),
            started: time,
        };
        let day = clock::compact(time);
        let folder = out.join(format!("offline-run-{day}-{}", about.id));
        let file = folder.join(format!("run-{}.wandb", about.id));
        write_file(&file, &wandb::file(run, &about))?;
        print(&format!("wrote {}", file.display()));
    }
    Ok(())
}

/// A setting as JSON: numbers and truth values as what they are, all else as text.
fn json((key, value): (&String, &String)) -> (String, String) {
    let is_number = serde_json::from_str::<serde_json::Number>(value).is_ok();
    let json = match is_number || ["true", "false"].contains(&value.as_str()) {
        true => value.clone(),
        false => serde_json::Value::from(value.as_str()).to_string(),
    };
    (key.clone(), json)
}

/// A name as the name of a folder.
fn part(name: &str) -> String {
    let kept = |c: char| {
        if c.is_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    };
    let part: String = name.chars().map(kept).collect();
    match part.trim_matches('.') {
        "" => "_".into(),
        _ => part,
    }
}

/// What was measured in a folder, and when it was written last, in seconds since 1970: tables hold no time.
fn measured(folder: &Path) -> Result<(Vec<MeasuredRun>, f64)> {
    let io = |e| outcrop_core::Error::io("read folder", folder, e);
    std::fs::read_dir(folder).map_err(io)?;
    let paths = ["loss", "measurements", "observables"].map(|name| table::in_folder(folder, name));
    let [loss, stats, observed] = &paths;
    let losses: Vec<LossPoint> = report::rows(loss, table::read_rows)?;
    let mut stats: Vec<Measurement> = report::rows(stats, table::measurements)?;
    report::leave_out_suspects(&mut stats);
    let observed: Vec<Observation> = report::rows(observed, table::observations)?;
    let runs = runs(&losses, &stats, &observed);
    if runs.is_empty() {
        return Err(Error::Nothing(format!(
            "export {}: it has no row of measurements.csv, loss.csv or observables.csv; `outcrop train` and `measure` \
             write them",
            folder.display()
        )));
    }
    let times = paths.iter().flatten().filter_map(|path| modified(path));
    Ok((runs, times.fold(0.0, f64::max)))
}

/// When a file was written last, in seconds since 1970.
fn modified(path: &Path) -> Option<f64> {
    let time = path.metadata().ok()?.modified().ok()?;
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(since.as_secs_f64())
}
