//! Which revisions on a hub are measured.

use outcrop_checkpoint::{
    CheckpointName, Error as CheckpointError, Hub, Listing, Run, run_of, stage_and_step,
};
use outcrop_core::{Error as CoreError, Stage};
use outcrop_schedule::Schedule;
use outcrop_series::HubRevision;

use super::super::output::say;
use super::args::{Args, PYTHIA_LAST};
use super::found::Found;
use super::repositories;
use crate::{Error, Result};

/// Names that are listed.
const SHOWN: usize = 12;
/// How names without a stage are asked for.
const NO_STAGE: &str = "none";

/// Revisions that are measured together.
pub(super) struct Wanted {
    /// What the model is called, with its seed.
    pub(super) name: String,
    pub(super) stage: Option<Stage>,
    /// In ascending order of step.
    pub(super) revisions: Vec<HubRevision>,
    /// The public run that it is, if it is known.
    pub(super) run: Option<&'static Run>,
}

/// What was asked for by --revision, --hub-list or --steps; of none of them, what the hub has: all whose names give
/// a step, or `main` where none does.
pub(super) fn wanted(hub: &Hub, args: &Args) -> Result<Wanted> {
    let repo = match (&args.hub, &args.hub_list) {
        (_, Some(file)) => return of_list(&repositories::read(file)?, args),
        (Some(pattern), None) if pattern.contains('*') => {
            let found = hub.repositories(pattern)?;
            let main = |repo: String| (repo, "main".to_owned());
            return of_list(&found.into_iter().map(main).collect::<Vec<_>>(), args);
        }
        (Some(repo), None) => repo,
        (None, None) => return Err(CoreError::parse("arguments", "no model on a hub").into()),
    };
    let run = run_of(repo);
    refuse_unread(repo, run)?;
    if !args.select.revision.is_empty() {
        return by_name(repo, run, args);
    }
    let names = match hub.revisions(repo) {
        Ok(names) => names,
        Err(error @ CheckpointError::NoRevision { .. }) => return Err(error.into()),
        // a hub that lists none may have them nevertheless
        Err(_) => return by_step(repo, run, args),
    };
    let listing = Listing::of(&names);
    let step = |name: &CheckpointName| name.step(args.select.select().steps_per_count);
    let found = listing.named.iter().filter_map(|name| {
        Some(Found {
            revision: revision(step(name)?, repo, &name.to_string()),
            part: name.part().map(str::to_owned),
            stage: name.stage().map(str::to_owned),
            seed: name.seed().map(str::to_owned),
        })
    });
    let found: Vec<Found> = found.collect();
    if found.is_empty() {
        return main_alone(repo, run, &names, args);
    }
    if !listing.others.is_empty() {
        say(&format!(
            "note: not measured, as their names give no step: {}; --revision measures one",
            shown(&listing.others)
        ));
    }
    let mut wanted = choose(repo, run, found, args)?;
    if let Some(stage) = &mut wanted.stage {
        let order = run.map(|run| run.stages.as_slice()).unwrap_or_default();
        stage.begins = stage.begins.or_else(|| listing.begins(&stage.name, order));
    }
    Ok(wanted)
}

/// A run with a repository for each step.
fn of_list(entries: &[(String, String)], args: &Args) -> Result<Wanted> {
    let repositories::Series {
        name,
        found,
        others,
    } = repositories::series(entries, args.select.select().steps_per_count);
    let Some(first) = found.first().map(|found| found.revision.repo.clone()) else {
        return Err(refused(
            &name,
            "no name of a repository gives a step",
            &others,
        ));
    };
    let run = run_of(&first);
    refuse_unread(&first, run)?;
    if !others.is_empty() {
        say(&format!(
            "note: not measured, as their names give no step: {}",
            shown(&others)
        ));
    }
    choose(&name, run, found, args)
}

/// Leaves one stage and the steps that were asked for.
fn choose(
    repo: &str,
    run: Option<&'static Run>,
    mut found: Vec<Found>,
    args: &Args,
) -> Result<Wanted> {
    let part = |found: &Found| found.part.clone().unwrap_or_else(|| NO_STAGE.into());
    let mut parts: Vec<String> = found.iter().map(part).collect();
    parts.sort();
    if let Some(stage) = &args.select.stage {
        found.retain(|found| part(found) == *stage);
    }
    let first = found.first().map(part);
    if first.is_none() || found.iter().any(|found| Some(part(found)) != first) {
        return Err(stages(repo, &parts, first.is_none()));
    }
    steps(repo, &mut found, args)?;
    let base = repo.rsplit('/').next().unwrap_or(repo);
    let first = &found[0];
    args.check(true, first.stage.is_some())?;
    let stage = first.stage.clone().map(|name| Stage {
        name,
        begins: args.stage_begins,
    });
    let name = match &first.seed {
        Some(seed) => format!("{base}-seed-{seed}"),
        None => base.to_owned(),
    };
    let mut revisions: Vec<HubRevision> = found.into_iter().map(|found| found.revision).collect();
    revisions.sort();
    Ok(Wanted {
        name,
        stage,
        revisions,
        run,
    })
}

/// Leaves the steps of --steps, and says which are not there.
fn steps(repo: &str, found: &mut Vec<Found>, args: &Args) -> Result<()> {
    let Some(text) = &args.steps else {
        return Ok(());
    };
    let last = found.iter().map(|found| found.revision.step).max();
    let last = last.unwrap_or_default();
    let wanted = Schedule::parse(text, last.max(1))?;
    found.retain(|found| wanted.contains(found.revision.step));
    if found.is_empty() {
        return Err(Error::NoSteps {
            path: repo.into(),
            wanted: text.clone(),
            last,
        });
    }
    let has = |step: &&u64| !found.iter().any(|found| found.revision.step == **step);
    let absent: Vec<String> = wanted
        .steps()
        .iter()
        .filter(has)
        .map(u64::to_string)
        .collect();
    if !absent.is_empty() && text.trim() != "pythia" {
        say(&format!(
            "warning: steps that are not there: {}",
            shown_plain(&absent)
        ));
    }
    Ok(())
}

/// The steps of a schedule as revisions `stepN`, of a hub that lists none.
fn by_step(repo: &str, run: Option<&'static Run>, args: &Args) -> Result<Wanted> {
    args.check(true, false)?;
    let text = args.steps.as_deref().unwrap_or("pythia");
    let steps = Schedule::parse(text, PYTHIA_LAST)?;
    let of = |step: &u64| revision(*step, repo, &format!("step{step}"));
    Ok(alone(repo, run, steps.steps().iter().map(of).collect()))
}

fn main_alone(
    repo: &str,
    run: Option<&'static Run>,
    names: &[String],
    args: &Args,
) -> Result<Wanted> {
    let numbered = |name: &String| CheckpointName::parse(name).is_some();
    let has_main = names.iter().any(|name| name == "main");
    if args.steps.is_some() || names.iter().any(numbered) || !has_main {
        let reason =
            "no name of a revision gives a step (--steps-per-count says how many steps a save is)";
        return Err(refused(repo, reason, names));
    }
    args.check(false, false)?;
    say(&format!(
        "note: revision `main` is taken, as no name of a revision gives a step ({})",
        shown(names)
    ));
    Ok(alone(repo, run, vec![revision(args.step(), repo, "main")]))
}

fn by_name(repo: &str, run: Option<&'static Run>, args: &Args) -> Result<Wanted> {
    let names = &args.select.revision;
    let read = |name: &String| stage_and_step(name, &args.select.select());
    let found: Vec<_> = names.iter().map(read).collect();
    if names.len() > 1 && found.iter().any(Option::is_none) {
        let reason = "of several each must name its step; measure the others by themselves";
        return Err(refused(repo, reason, names));
    }
    let parts = found.iter().flatten().map(|(part, _)| part);
    let part = parts.clone().next().cloned().flatten();
    if parts.clone().any(|other| *other != part) {
        let reason = "they are of several stages, each with its own steps";
        return Err(refused(repo, reason, names));
    }
    let steps = found
        .iter()
        .map(|found| found.as_ref().map_or(args.step(), |(_, step)| *step));
    let revisions = steps
        .zip(names)
        .map(|(step, name)| revision(step, repo, name));
    let mut wanted = alone(repo, run, revisions.collect());
    let name = names.first().and_then(|name| CheckpointName::parse(name));
    if let Some(seed) = name.as_ref().and_then(CheckpointName::seed) {
        wanted.name += &format!("-seed-{seed}");
    }
    let has_steps = found.iter().all(Option::is_some);
    wanted.stage = name
        .as_ref()
        .and_then(CheckpointName::stage)
        .map(|name| Stage {
            name: name.to_owned(),
            begins: args.stage_begins,
        });
    args.check(has_steps, wanted.stage.is_some())?;
    Ok(wanted)
}

fn alone(repo: &str, run: Option<&'static Run>, mut revisions: Vec<HubRevision>) -> Wanted {
    revisions.sort();
    Wanted {
        name: repo.rsplit('/').next().unwrap_or(repo).to_owned(),
        stage: None,
        revisions,
        run,
    }
}

fn revision(step: u64, repo: &str, revision: &str) -> HubRevision {
    HubRevision {
        step,
        repo: repo.to_owned(),
        revision: revision.to_owned(),
    }
}

/// Refuses by name what cannot be measured, before anything is fetched.
fn refuse_unread(repo: &str, run: Option<&Run>) -> Result<()> {
    let Some(reason) = run.and_then(|run| run.unread.as_ref()) else {
        return Ok(());
    };
    let error = CheckpointError::Fetch {
        what: repo.into(),
        reason: format!("nothing was fetched: {reason}"),
    };
    Err(error.into())
}

fn stages(repo: &str, parts: &[String], none: bool) -> Error {
    let mut counted: Vec<(&String, usize)> = Vec::new();
    for part in parts {
        match counted.last_mut() {
            Some((last, n)) if *last == part => *n += 1,
            _ => counted.push((part, 1)),
        }
    }
    let some = counted.iter().take(SHOWN);
    let mut stages: Vec<String> = some.map(|(name, n)| format!("`{name}` ({n})")).collect();
    if counted.len() > SHOWN {
        stages.push(format!("and {} more", counted.len() - SHOWN));
    }
    let reason = match none {
        true => "none is so called",
        false => "each has its own steps",
    };
    let error = CheckpointError::Stages {
        path: repo.into(),
        reason: reason.into(),
        stages: stages.join(", "),
    };
    error.into()
}

fn refused(repo: &str, reason: &str, names: &[String]) -> Error {
    let error = CheckpointError::Revisions {
        path: repo.into(),
        reason: reason.into(),
        there: shown(names),
    };
    error.into()
}

fn shown(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    shown_plain(&quoted)
}

fn shown_plain(names: &[String]) -> String {
    let some = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => some,
        more => format!("{some} and {more} more"),
    }
}
