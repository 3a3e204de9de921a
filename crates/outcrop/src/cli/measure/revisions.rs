//! Which revisions of a model on a hub are measured.

use outcrop_checkpoint::{Error as CheckpointError, Hub, stage_and_step};
use outcrop_schedule::Schedule;

use super::super::output::say;
use super::args::{Args, PYTHIA_LAST};
use crate::Result;

/// Names that are listed.
const SHOWN: usize = 12;

/// The stage of all revisions, and each revision with its step.
type Wanted = (Option<String>, Vec<(u64, String)>);

/// The revisions that --revision or --steps chooses; without these, those of the hub: `stepN` as in Pythia, or `main`
/// if no name gives a step.
pub(super) fn wanted(hub: &Hub, repo: &str, args: &Args) -> Result<Wanted> {
    if !args.select.revision.is_empty() {
        return by_name(repo, args);
    }
    let by_step = || -> Result<Wanted> {
        let text = args.steps.as_deref().unwrap_or("pythia");
        let steps = Schedule::parse(text, PYTHIA_LAST)?;
        let revisions = steps.steps().iter();
        let revisions = revisions.map(|step| (*step, format!("step{step}")));
        Ok((None, revisions.collect()))
    };
    let names = match hub.revisions(repo) {
        Ok(names) => names,
        Err(error @ CheckpointError::NoRevision { .. }) => return Err(error.into()),
        // a hub that lists none may have them nevertheless
        Err(_) => return by_step(),
    };
    if names.iter().any(|name| is_plain(name)) {
        return by_step();
    }
    let numbered = |name: &String| stage_and_step(name, &args.select.select()).is_some();
    let has_main = names.iter().any(|name| name == "main");
    if args.steps.is_some() || names.iter().any(numbered) || !has_main {
        return Err(choose(repo, "no name of a revision is `stepN`", &names));
    }
    say(&format!(
        "note: revision `main` is taken, as no name of a revision gives a step ({})",
        shown(&names)
    ));
    Ok((None, vec![(args.step, "main".into())]))
}

/// Whether a revision is named as in Pythia.
fn is_plain(name: &str) -> bool {
    let digits = name.strip_prefix("step");
    digits.is_some_and(|digits| digits.parse::<u64>().is_ok())
}

fn by_name(repo: &str, args: &Args) -> Result<Wanted> {
    let names = &args.select.revision;
    let read = |name: &String| stage_and_step(name, &args.select.select());
    let found: Vec<_> = names.iter().map(read).collect();
    if names.len() > 1 && found.iter().any(Option::is_none) {
        let reason = "of several each must name its step; measure the others by themselves";
        return Err(choose(repo, reason, names));
    }
    let stages = found.iter().flatten().map(|(stage, _)| stage);
    let stage = stages.clone().next().cloned().flatten();
    if stages.clone().any(|other| *other != stage) {
        let reason = "they are of several stages, each with its own steps";
        return Err(choose(repo, reason, names));
    }
    let steps = found
        .iter()
        .map(|found| found.as_ref().map_or(args.step, |(_, step)| *step));
    Ok((stage, steps.zip(names.iter().cloned()).collect()))
}

fn choose(repo: &str, reason: &str, names: &[String]) -> crate::Error {
    let error = CheckpointError::Revisions {
        path: repo.into(),
        reason: reason.into(),
        there: shown(names),
    };
    error.into()
}

fn shown(names: &[String]) -> String {
    let some = names.iter().take(SHOWN).map(|name| format!("`{name}`"));
    let some = some.collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => some,
        more => format!("{some} and {more} more"),
    }
}
