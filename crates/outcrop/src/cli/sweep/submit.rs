//! Job arrays of the runs that are neither finished nor in the queue.

use std::collections::BTreeSet;

use outcrop_model::Backend;

use super::{Folder, results};
use crate::Result;
use crate::cli::clock;
use crate::cli::output::{print, say};
use crate::cluster::{Attempts, Queue, Standing, Submission, Submitted, is_here, standings};
use crate::pipeline::{Manifest, Results, heads};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    folder: Folder,
    /// Another option of sbatch than at first, such as time=10:00:00; may be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    sbatch: Vec<String>,
    /// Write the scripts and submit nothing [default where there is no sbatch].
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let results = results(&args.folder.folder)?;
    let _lock = results.claim(&[], &clock::holder("sweep resubmit"))?;
    let mut submission = Submission::read(&results)?;
    submission
        .settings
        .sbatch
        .extend(args.sbatch.iter().cloned());
    submit(&submission, &results, args.dry_run)
}

/// Writes the scripts of all open runs and submits them, unless it is a dry run.
pub(crate) fn submit(submission: &Submission, results: &Results, dry_run: bool) -> Result<()> {
    let trains = submission.measures.is_none();
    if trains && !Backend::ALL.into_iter().any(Backend::is_compiled) {
        return Err(outcrop_model::Error::NoBackends.into());
    }
    submission.write(results)?;
    let arrays = Submitted::all(results)?;
    let jobs: Vec<String> = arrays.iter().map(|array| array.job.clone()).collect();
    let heads = heads(&Manifest::file(results))?;
    let runs = standings(results, &heads, &arrays, &Queue::ask(&jobs));
    let (what, last) = (submission.runs(), submission.last());
    let open = runs.iter().filter(|run| run.standing.is_open());
    let indices: BTreeSet<usize> = open.clone().map(|run| run.index).collect();
    if indices.is_empty() {
        let finished = runs
            .iter()
            .filter(|run| run.standing == Standing::Finished)
            .count();
        print(&format!(
            "nothing to submit: {finished} of {} {what} are finished, the others are in the queue",
            runs.len()
        ));
        return Ok(());
    }
    let scripts = submission.scripts(results, &indices)?;
    let is_here = is_here();
    if dry_run || !is_here {
        if !is_here {
            say("note: there is no sbatch here: nothing is submitted");
        }
        for (script, array) in &scripts.arrays {
            print(&format!(
                "sbatch {}  # {} elements",
                script.display(),
                array.elements.len()
            ));
        }
        print(&format!(
            "sbatch --dependency=afterany:JOBS {}",
            scripts.last.display()
        ));
        return Ok(());
    }
    for run in open {
        Attempts::forget(results, &run.model)?;
    }
    let (jobs, id) = scripts.submit(results)?;
    let arrays = jobs.join(", ");
    print(&format!(
        "submitted {} {what}: job arrays {arrays}, then the {last} {id}",
        indices.len()
    ));
    Ok(())
}
