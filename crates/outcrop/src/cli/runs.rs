//! `outcrop runs`.

use outcrop_checkpoint::{Bos, Each, Run, runs};
use outcrop_core::table::Row;
use serde::{Deserialize, Serialize};

use super::output::{Format, To, columns, print, write_rows};
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop runs                             the public training runs that are known
  outcrop runs olmo                        those whose name or model has these letters, with their known faults
  outcrop runs --format json               everything of all

`measure --hub` understands the names of all of them, refuses those that are not read before it fetches
anything, and computes tokens from the batch where that is known. `audit` and `measure` name known
faults where they meet them. docs/runs.md explains the columns.")]
pub(crate) struct Args {
    /// Letters of a run's name or model, or a model on the hub.
    run: Option<String>,
    #[command(flatten)]
    to: To,
}

/// A run as a row.
#[derive(Clone, Serialize, Deserialize)]
struct Line {
    run: String,
    /// Models on the hub, separated by spaces.
    ids: String,
    /// Names of checkpoints, separated by spaces.
    names: String,
    each: String,
    stages: String,
    tokens_a_step: Option<u64>,
    bos: Option<String>,
    checkpoints: Option<u64>,
    faults: u64,
    unread: String,
    source: String,
}

impl Row for Line {
    const REQUIRED: &'static [&'static str] = &["run", "ids"];
    const HEADER: &'static [&'static str] = &[
        "run",
        "ids",
        "names",
        "each",
        "stages",
        "tokens_a_step",
        "bos",
        "checkpoints",
        "faults",
        "unread",
        "source",
    ];
    const NAMED: &'static [&'static str] = &["run"];

    fn key(&self) -> String {
        format!("run {}", self.run)
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let target = args.to.target()?;
    let fits = |run: &&Run| args.run.as_ref().is_none_or(|asked| is_asked(run, asked));
    let found: Vec<&Run> = runs().iter().filter(fits).collect();
    if found.is_empty() {
        let asked = args.run.as_deref().unwrap_or_default();
        return Err(Error::Nothing(format!(
            "find a run called {asked}: `outcrop runs` lists all; a run that is not listed is measured all the same"
        )));
    }
    if target.format == Format::Table && target.file.is_none() {
        print(&table(&found, args.run.is_some()));
        return Ok(());
    }
    write_rows(&found.into_iter().map(line).collect::<Vec<_>>(), &target)
}

fn is_asked(run: &Run, asked: &str) -> bool {
    let letters = asked.to_lowercase();
    let names = [&run.name].into_iter().chain(&run.ids);
    run.has(asked) || { names }.any(|name| name.to_lowercase().contains(&letters))
}

fn line(run: &Run) -> Line {
    Line {
        run: run.name.clone(),
        ids: run.ids.join(" "),
        names: run.names.join(" "),
        each: each(run.each).into(),
        stages: run.stages.join(" "),
        tokens_a_step: run.tokens_a_step,
        bos: run.bos.map(|bos| word(bos).to_owned()),
        checkpoints: run.checkpoints.map(u64::from),
        faults: run.faults.len() as u64,
        unread: run.unread.clone().unwrap_or_default(),
        source: run.source.clone(),
    }
}

fn each(each: Each) -> &'static str {
    match each {
        Each::Revision => "revision",
        Each::Repository => "repository",
    }
}

fn word(bos: Bos) -> &'static str {
    match bos {
        Bos::None => "none",
        Bos::Document => "document",
    }
}

/// A line a run; of runs that were asked for, their faults and why they are not read too.
fn table(runs: &[&Run], with_faults: bool) -> String {
    let header = [
        "run",
        "model on the hub",
        "checkpoints",
        "tokens a step",
        "BOS",
        "faults",
        "names",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    let mut below = Vec::new();
    for run in runs {
        let number = |n: Option<u64>| n.map_or_else(String::new, |n| n.to_string());
        let names = match &run.unread {
            Some(_) => "not read".to_owned(),
            None => run.names.join(", "),
        };
        rows.push(vec![
            run.name.clone(),
            run.ids.join(", "),
            number(run.checkpoints.map(u64::from)),
            number(run.tokens_a_step),
            run.bos.map_or("", word).to_owned(),
            number(Some(run.faults.len() as u64).filter(|n| *n > 0)),
            names,
        ]);
        if with_faults {
            below.extend(details(run));
        }
    }
    [vec![columns(&rows)], below].concat().join("\n")
}

fn details(run: &Run) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(reason) = &run.unread {
        lines.push(format!(
            "{} is not read: {reason} ({})",
            run.name, run.source
        ));
    }
    lines.extend(run.faults.iter().map(|fault| {
        let steps = match fault.steps.as_slice() {
            [] => String::new(),
            [step] => format!(", step {step}"),
            steps => format!(", {} steps", steps.len()),
        };
        format!(
            "{}{steps}: {} ({})",
            fault.of.join(", "),
            fault.what,
            fault.source
        )
    }));
    lines
}
