//! `outcrop sweep`: a manifest of runs, and the engines that train them.

mod atlas;
mod report;
mod run;
mod start;
mod status;
mod submit;

pub(crate) use self::submit::submit;

use std::path::{Path, PathBuf};

use outcrop_core::Error as CoreError;

use crate::Result;
use crate::pipeline::{Manifest, Results, heads_at};

#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:
  outcrop sweep tiny                          write runs/tiny/manifest.jsonl, and train nothing
  outcrop sweep tiny --engine local --jobs 2  train its runs here, two at a time
  outcrop sweep tiny --engine slurm --time 00:30:00 --pack 2 --dry-run   write the scripts of its job arrays
  outcrop sweep status runs/tiny              where every run stands
  outcrop sweep resubmit runs/tiny --dry-run  job arrays of the runs that are missing
  outcrop sweep report runs/tiny              tables and report of the runs that are finished
  outcrop sweep atlas runs/tiny --out data/tiny   the same runs as a small folder for others

A profile lists its runs or draws them from a design (docs/sweeps.md). The same command resumes what was interrupted."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    start: start::Args,
}

#[derive(clap::Subcommand)]
enum Part {
    /// Say where every run of a sweep stands.
    Status(status::Args),
    /// Submit the runs again that are neither finished nor in the queue.
    Resubmit(submit::Args),
    /// Fit, predict and report on the runs that are finished, and name the others.
    Report(report::Args),
    /// Write the runs that are finished as a small folder for others: ratios, fits, architectures, recipes.
    Atlas(atlas::Args),
    /// Train runs of a manifest, as an element of a job array.
    #[command(hide = true)]
    Run(run::Args),
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.part {
        None => start::run(&args.start),
        Some(Part::Status(args)) => status::run(args),
        Some(Part::Resubmit(args)) => submit::run(args),
        Some(Part::Report(args)) => report::run(args),
        Some(Part::Atlas(args)) => atlas::run(args),
        Some(Part::Run(args)) => run::run(args),
    }
}

/// The results folder of a sweep, which must have a manifest.
fn results(folder: &Path) -> Result<Results> {
    let results = Results::new(folder);
    if !Manifest::file(&results).is_file() {
        let allowed = "a results folder with manifest.jsonl, as `outcrop sweep PROFILE` writes it";
        return Err(CoreError::range("FOLDER", folder.display(), allowed).into());
    }
    Ok(results)
}

/// The same, of a sweep that trains runs: not the folder in which elements measure checkpoints.
fn results_of_runs(folder: &Path) -> Result<Results> {
    let results = results(folder)?;
    let first = heads_at(&Manifest::file(&results), 0..1)?;
    if first.iter().any(|line| line.step.is_some()) {
        let allowed = "the results folder of a sweep that trains runs; the checkpoints in this one are measured: \
                       `outcrop measure` with the same arguments and --join in place of --engine slurm writes their tables, \
                       which `outcrop fit` and `outcrop report` read";
        return Err(CoreError::range("FOLDER", folder.display(), allowed).into());
    }
    Ok(results)
}

/// The results folder of a sweep.
#[derive(clap::Args)]
struct Folder {
    /// The results folder with manifest.jsonl.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}
