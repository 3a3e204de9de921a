//! `outcrop onset`.

mod lead;
mod line;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use outcrop_core::table;
use outcrop_core::{LossPoint, TrainingEvent};
use outcrop_fit::{Onset, TransitionNull, TransitionTest, events_between, onset, onset_over_seeds};

use self::line::Line;
use super::input::good_rows;
use super::output::{Destination, To, print, say, write_rows};
use super::trajectories::{AnyTrajectories, Observed};
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop onset trajectories.csv                    when the ratio of every layer changes its level
  outcrop onset observables.csv --observable norm_first,value_drain@values
                                                    the same of these observables of a long table
  outcrop onset runs/mine --loss runs/mine/loss.csv --events events.csv
                                                    and what happened in training at the same steps
  outcrop onset runs/mine-seeds --seeds --observable norm_first
                                                    over seeds: the models of the runs of a folder are seeds of one
  outcrop onset runs/mine-seeds --lead norm_first@residual-stream:peak,norm_first_over_mean@residual-stream:peak
                                                    which of two moments of a run comes first, over seeds
  outcrop onset seeds.csv --seeds --format csv      over seeds: the models of the table are seeds of one

A crossing of 10 % (onset), 50 % (half) and 90 % of the change lies between two checkpoints (`_after`, `_by`);
`_lo` and `_hi` are its 95 % interval under noise, or with --seeds its range over seeds. `p` is the probability of so
good a monotone fit without a transition. A trajectory without a result has a row with the reason. docs/onsets.md
explains the columns.")]
pub(crate) struct Args {
    #[command(flatten)]
    trajectories: AnyTrajectories,
    /// Take the models of the table for seeds of one: a row over all of them for each layer and observable.
    #[arg(long)]
    seeds: bool,
    /// Whether the first of two moments of a run comes before the second, over seeds (runs that are called MODEL-s1,
    /// MODEL-s2 and so on): each NAME[@PLACE]:WHEN of an observable, where WHEN is `peak`, `onset`, `half`, `ninety`, or
    /// the value that is reached, such as accuracy@held-out-answers:0.5.
    #[arg(
        long,
        value_name = "FIRST,SECOND",
        value_delimiter = ',',
        conflicts_with_all = ["seeds", "observable", "loss"]
    )]
    lead: Vec<String>,
    /// The table of losses of the run (loss.csv): events of training between the checkpoints of an onset are named.
    #[arg(long, value_name = "FILE")]
    loss: Option<PathBuf>,
    /// Also write the events of training to this file (.csv, .json, .parquet).
    #[arg(long, value_name = "FILE", requires = "loss")]
    events: Option<PathBuf>,
    #[command(flatten)]
    to: To,
}

/// A transition, and how probable it is without one.
type Found = outcrop_fit::Result<(Onset, TransitionTest)>;

pub(crate) fn run(args: &Args) -> Result<()> {
    let target = args.to.target()?;
    if !args.lead.is_empty() {
        return lead::run(args.trajectories.path(), &args.lead, &target);
    }
    let events = events(args)?;
    let all = args.trajectories.read()?;
    if all.is_empty() {
        let reason = format!(
            "find onsets: {} has no trajectory",
            args.trajectories.name()
        );
        return Err(Error::Nothing(reason));
    }
    let mut nulls = BTreeMap::new();
    let found: Vec<Found> = all.iter().map(|one| find(one, &mut nulls)).collect();
    let mut lines: Vec<Line> = match args.seeds {
        true => over_seeds(&all, &found),
        false => all
            .iter()
            .zip(&found)
            .map(|(one, found)| Line::of(one, found))
            .collect(),
    };
    for line in &mut lines {
        line.events = named(&events, line);
    }
    if !lines.is_empty() {
        match target.is_read_here() {
            true => print(&line::table(&lines)),
            false => write_rows(&lines, &target)?,
        }
    }
    let failed: Vec<_> = found
        .iter()
        .filter_map(|found| found.as_ref().err())
        .collect();
    let of_chance = |found: &&(Onset, TransitionTest)| found.1.p > 0.05;
    let without = found.iter().flatten().filter(of_chance).count();
    if without > 0 {
        say(&format!(
            "note: {without} of {} trajectories have p above 0.05: what is dated there may be noise",
            all.len()
        ));
    }
    match failed.first() {
        Some(first) if failed.len() == all.len() => Err(Error::Nothing(format!(
            "find onsets in any of {} trajectories; the first: {first}",
            all.len()
        ))),
        Some(_) | None => Ok(()),
    }
}

fn find(one: &Observed, nulls: &mut BTreeMap<usize, TransitionNull>) -> Found {
    let trajectory = &one.trajectory;
    let name = format!(
        "{} of model `{}`, layer {}",
        one.name(),
        trajectory.model,
        trajectory.layer
    );
    let found = onset(&name, &one.steps(), &trajectory.ratios)?;
    let n = trajectory.ratios.len();
    let null = nulls.entry(n).or_insert_with(|| TransitionNull::new(n));
    Ok((found, null.test(&name, &trajectory.ratios)?))
}

/// A row for each layer and observable, over the models that have a transition there.
fn over_seeds(all: &[Observed], found: &[Found]) -> Vec<Line> {
    let mut groups: BTreeMap<(u32, String), Vec<Onset>> = BTreeMap::new();
    for (one, found) in all.iter().zip(found) {
        if let Ok((onset, _)) = found {
            let key = (one.trajectory.layer, one.name());
            groups.entry(key).or_default().push(*onset);
        }
    }
    let line = |((layer, name), onsets): ((u32, String), Vec<Onset>)| {
        let over = onset_over_seeds(&onsets)?;
        Some(Line::over_seeds(layer, &name, &over))
    };
    groups.into_iter().filter_map(line).collect()
}

/// What happened in training, written where that was asked for.
fn events(args: &Args) -> Result<Vec<TrainingEvent>> {
    let Some(path) = &args.loss else {
        return Ok(Vec::new());
    };
    let rows: Vec<LossPoint> = good_rows(path, table::read_rows(path)?)?;
    let found = crate::events::of_runs(&rows, &[]);
    let events = crate::events::with_set(found, set_beside(path)?);
    if let Some(to) = &args.events {
        write_rows(&events, &Destination::by_suffix(to, "--events")?)?;
    }
    Ok(events)
}

/// What the spec of a run set, from the `events.csv` beside its losses.
fn set_beside(losses: &Path) -> Result<Vec<TrainingEvent>> {
    let path = losses.with_file_name("events.csv");
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let mut events: Vec<TrainingEvent> = good_rows(&path, table::read_rows(&path)?)?;
    events.retain(|one| one.event.is_set());
    Ok(events)
}

/// The events between the last checkpoint before the onset and the first behind the transition, `EVENT at STEP; ...`.
fn named(events: &[TrainingEvent], line: &Line) -> Option<String> {
    let (after, by) = (line.onset_after?, line.ninety_by?);
    // of an observable of a head the model's name goes on
    let of_model = |event: &&TrainingEvent| {
        let rest = line.model.strip_prefix(&event.model);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(", head "))
    };
    let between = events_between(events, after, by).filter(of_model);
    let words: Vec<String> = between
        .map(|event| format!("{} at {}", event.event.word(), event.step))
        .collect();
    (!words.is_empty()).then(|| words.join("; "))
}
