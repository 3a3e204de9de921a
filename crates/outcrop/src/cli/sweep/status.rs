//! Where every run of a sweep stands.

use super::{Folder, results};
use crate::Result;
use crate::cli::output::{columns, print};
use crate::cluster::{Queue, Run, Standing, Submitted, standings};
use crate::pipeline::{Manifest, heads};

/// Runs that are shown unless all are asked for.
const SHOWN: usize = 20;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    folder: Folder,
    /// Show every run, also those that are finished.
    #[arg(long)]
    all: bool,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let results = results(&args.folder.folder)?;
    let heads = heads(&Manifest::file(&results))?;
    let arrays = Submitted::all(&results)?;
    let jobs: Vec<String> = arrays.iter().map(|array| array.job.clone()).collect();
    let runs = standings(&results, &heads, &arrays, &Queue::ask(&jobs));
    print(&counts(&runs));
    let shown: Vec<&Run> = match args.all {
        true => runs.iter().collect(),
        false => runs
            .iter()
            .filter(|run| run.standing != Standing::Finished)
            .take(SHOWN)
            .collect(),
    };
    if !shown.is_empty() {
        print(&format!("\n{}", table(&shown)));
    }
    let open = runs
        .iter()
        .filter(|run| run.standing != Standing::Finished)
        .count();
    if !args.all && open > SHOWN {
        print(&format!("and {} more; --all shows every run", open - SHOWN));
    }
    Ok(())
}

/// How many runs stand where, in words.
pub(super) fn counts(runs: &[Run]) -> String {
    let count = |standing| runs.iter().filter(|run| run.standing == standing).count();
    let words = Standing::ALL
        .iter()
        .map(|(standing, word)| (count(*standing), word));
    let words = words
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"));
    format!(
        "{} runs: {}",
        runs.len(),
        words.collect::<Vec<_>>().join(", ")
    )
}

/// The runs as a table.
pub(super) fn table(runs: &[&Run]) -> String {
    let header = ["index", "model", "state", "step", "note"].map(str::to_owned);
    let row = |run: &&Run| {
        let (index, step) = (run.index.to_string(), run.step.to_string());
        vec![
            index,
            run.model.clone(),
            run.standing.word().to_owned(),
            step,
            run.note.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = std::iter::once(header.to_vec())
        .chain(runs.iter().map(row))
        .collect();
    columns(&rows)
}
