//! An element of a job array: some lines of a manifest.

use std::path::{Path, PathBuf};

use outcrop_model::Backend;
use outcrop_train::{Environment, RunSpec};

use crate::cli::train_all::train_all;
use crate::cli::{clock, stop, threads, voice};
use crate::cluster::Attempts;
use crate::pipeline::{Jobs, Line, Order, Results, environment, lines, workspace};
use crate::{Error, Result};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The manifest.
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// The first run, from 0.
    #[arg(long, value_name = "N")]
    index: usize,
    /// Runs from there on; those beyond the last line are none.
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: usize,
    /// Threads of all runs together.
    #[arg(long, value_name = "N", value_parser = threads::number)]
    threads: Option<u16>,
    /// How often a run is started again without having come further, before it is given up.
    #[arg(long, value_name = "N", default_value_t = 5)]
    retries: u32,
    /// The backend.
    #[arg(long, default_value = "flex")]
    backend: String,
}

/// The exit status says what to do with the element: 0 for nothing, 75 to queue it again, 1 where a run cannot go on.
pub(super) fn run(args: &Args) -> Result<()> {
    let stop = stop::on_first_signal(stop::ELEMENT)?;
    let folder = args.manifest.parent().unwrap_or(Path::new("."));
    let results = Results::new(folder);
    let lines = lines(
        &args.manifest,
        args.index..args.index.saturating_add(args.count),
    )?;
    if lines.is_empty() {
        let reason = format!("it has no line {}", args.index + 1);
        return Err(outcrop_core::Error::parse(args.manifest.display().to_string(), reason).into());
    }
    let backend: Backend = args.backend.parse()?;
    let environment = Environment {
        holder: clock::holder("sweep run"),
        ..environment(backend, workspace()?.as_deref(), folder, stop)?
    };
    let mut failed = 0;
    let mut open = Vec::new();
    for line in &lines {
        match begin(line, &results, args.retries)? {
            Begun::Finished => {}
            Begun::GivenUp => failed += 1,
            Begun::Runs(run) => open.push(*run),
        }
    }
    let failures = match train_all(&open, &results, &environment, shared(args, open.len())) {
        Err(Error::Interrupted) => return Err(Error::QueueAgain),
        other => other?,
    };
    for failure in &failures {
        let why = format!("failed to {}", failure.error);
        voice::error(&format!("{}: {why}", failure.model));
        let line = lines.iter().find(|line| line.model == failure.model);
        if let Some(line) = line.filter(|_| !is_held(&failure.error)) {
            Attempts::fail(&results, &line.model, &line.id, &why)?;
        }
    }
    match failed + failures.len() {
        0 => Ok(()),
        failed => Err(Error::FailedInArray {
            failed,
            of: lines.len(),
        }),
    }
}

/// Whether another process trains the run, which is no fault of the run.
fn is_held(error: &outcrop_train::Error) -> bool {
    use outcrop_core::Error::Locked;
    matches!(error, outcrop_train::Error::Core(Locked { .. }))
}

/// What there is to do for a line.
enum Begun {
    /// It was finished before.
    Finished,
    /// It was started too often.
    GivenUp,
    /// This.
    Runs(Box<RunSpec>),
}

fn begin(line: &Line, results: &Results, retries: u32) -> Result<Begun> {
    let run = line.run()?;
    let state = results.run(&line.model).state().unwrap_or_default();
    if state.finished && state.spec_sha256 == run.sha256()? {
        return Ok(Begun::Finished);
    }
    let attempts = Attempts::start(results, &line.model, &line.id)?;
    if !attempts.is_given_up(retries) {
        return Ok(Begun::Runs(Box::new(run)));
    }
    let why = format!(
        "it was started {} times without coming further than step {}",
        attempts.starts - 1,
        attempts.step
    );
    voice::error(&format!("{}: {why}", line.model));
    Attempts::fail(results, &line.model, &line.id, &why)?;
    Ok(Begun::GivenUp)
}

/// As many runs side by side as there are threads, each with an equal share.
fn shared(args: &Args, runs: usize) -> Jobs {
    let threads = threads::or_cores(args.threads);
    let runs = runs.clamp(1, threads);
    Jobs {
        runs,
        threads: (threads / runs).max(1),
        order: Order::Longest,
    }
}
