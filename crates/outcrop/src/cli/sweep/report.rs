//! The tables and the report of the runs that are finished.

use std::collections::HashSet;

use outcrop_model::Backend;
use outcrop_train::{Environment, RunSpec};

use super::status::{counts, table};
use super::{Folder, results_of_runs};
use crate::cli::clock;
use crate::cli::output::print;
use crate::cli::reproduce::summarise;
use crate::cluster::{Queue, Run, Standing, Submitted, standings};
use crate::pipeline::{Manifest, analyse, heads};
use crate::{Error, Result};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    folder: Folder,
    /// The backend on which the runs were trained, for the provenance.
    #[arg(long, default_value = "flex")]
    backend: String,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let results = results_of_runs(&args.folder.folder)?;
    let _lock = results.claim(&[], &clock::holder("sweep report"))?;
    let manifest = Manifest::read(&results)?;
    let heads = heads(&Manifest::file(&results))?;
    let found = standings(
        &results,
        &heads,
        &Submitted::all(&results)?,
        &Queue::default(),
    );
    print(&counts(&found));
    let missing: Vec<&Run> = found
        .iter()
        .filter(|run| run.standing != Standing::Finished)
        .collect();
    if !missing.is_empty() {
        print(&format!("\nwithout these runs:\n{}", table(&missing)));
    }
    if missing.len() == found.len() {
        return Err(Error::Nothing(format!(
            "report on {}: no run is finished",
            results.path().display()
        )));
    }
    let profile = manifest.profile()?;
    let without: HashSet<&str> = missing.iter().map(|run| run.model.as_str()).collect();
    let is_finished = |run: &&RunSpec| !without.contains(run.model.as_str());
    let finished: Vec<RunSpec> = profile.runs.iter().filter(is_finished).cloned().collect();
    let environment = Environment {
        backend: args.backend.parse::<Backend>()?,
        git_revision: option_env!("OUTCROP_GIT_REVISION").map(str::to_owned),
        ..Environment::default()
    };
    let command = format!("outcrop sweep report, of the sweep {}", profile.name);
    let analysis = analyse(&profile, &finished, &results, &environment, &command)?;
    print("");
    summarise(&analysis, &[]);
    print(&format!("\nreport: {}", analysis.report.display()));
    Ok(())
}
