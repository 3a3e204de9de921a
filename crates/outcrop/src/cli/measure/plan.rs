//! What will be measured, before anything is fetched.

use outcrop_checkpoint::{CheckpointSeries, Hub};
use outcrop_series::HubRevision;

use super::revisions::Wanted;
use crate::cli::output::count;

/// Count, first, last and bytes to fetch of revisions on a hub; `list` adds a line for each, and the faults that are
/// known.
pub(super) fn of_hub(hub: &Hub, wanted: &Wanted, list: bool) -> String {
    let revisions = &wanted.revisions;
    let (Some(first), Some(last)) = (revisions.first(), revisions.last()) else {
        return "nothing to measure".into();
    };
    let stage = wanted.stage.as_ref();
    let tokens = |step: u64| {
        let of_run = wanted
            .run
            .filter(|_| stage.is_none_or(|stage| stage.begins == Some(0)));
        of_run.and_then(|run| run.tokens(step))
    };
    let named = |found: &HubRevision| {
        let tokens = tokens(found.step).map(|n| format!(", {} tokens", short(n)));
        let name = name(found, revisions);
        format!(
            "step {} (`{name}`{})",
            found.step,
            tokens.unwrap_or_default()
        )
    };
    let of = match first.repo == last.repo {
        true => format!("{} revisions of {}", revisions.len(), first.repo),
        false => format!("{} repositories of {}", revisions.len(), wanted.name),
    };
    let stage = stage.map_or_else(String::new, |stage| format!(", {}", in_words(stage)));
    let mut lines = vec![format!(
        "{of}{stage}: {} to {}; {}",
        named(first),
        named(last),
        bytes(hub, revisions)
    )];
    if list {
        lines.extend(revisions.iter().map(|found| format!("  {}", named(found))));
        lines.extend(known(wanted));
    }
    lines.join("\n")
}

/// The same of checkpoints on a disk.
pub(super) fn of_series(series: &CheckpointSeries, alone: u64) -> String {
    let step = |step: Option<u64>| step.unwrap_or(alone);
    let lines = series.entries.iter().map(|entry| {
        let (step, folder) = (step(entry.step), entry.folder.display());
        format!("  step {step} ({folder})")
    });
    let path = series.path.display();
    let found = count(series.entries.len(), "checkpoint");
    let head = format!("{found} in {path}; nothing to fetch");
    [head]
        .into_iter()
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

fn in_words(stage: &outcrop_core::Stage) -> String {
    match stage.begins {
        Some(begins) => format!("stage {} (after {begins} steps)", stage.name),
        None => format!("stage {}", stage.name),
    }
}

/// The branch or tag, or the repository where that tells steps apart.
fn name<'a>(found: &'a HubRevision, all: &[HubRevision]) -> &'a str {
    match all.iter().all(|other| other.repo == found.repo) {
        true => &found.revision,
        false => &found.repo,
    }
}

/// What is to be fetched, by the sizes of the first and the last that the cache lacks.
fn bytes(hub: &Hub, revisions: &[HubRevision]) -> String {
    let is_there = |r: &&HubRevision| hub.knows(&r.repo, &r.revision).unwrap_or(false);
    let missing: Vec<_> = revisions.iter().filter(|r| !is_there(r)).collect();
    let (Some(first), Some(last)) = (missing.first(), missing.last()) else {
        return "nothing to fetch".into();
    };
    let size = |found: &HubRevision| hub.bytes(&found.repo, &found.revision).ok().flatten();
    let sizes = match first == last {
        true => [size(first); 2],
        false => [size(first), size(last)],
    };
    match sizes {
        [Some(a), Some(b)] => {
            let mean = a.midpoint(b);
            let total = mean.saturating_mul(missing.len() as u64);
            format!("about {}B to fetch, {}B each", short(total), short(mean))
        }
        _ => "the hub tells no sizes".into(),
    }
}

fn known(wanted: &Wanted) -> Vec<String> {
    let (Some(run), Some(first)) = (wanted.run, wanted.revisions.first()) else {
        return Vec::new();
    };
    let at = |step: &u64| wanted.revisions.iter().any(|found| found.step == *step);
    let faults = run.faults_of(&first.repo).into_iter();
    let met = faults.filter(|fault| fault.steps.is_empty() || fault.steps.iter().any(at));
    met.map(|fault| {
        let steps: Vec<String> = fault
            .steps
            .iter()
            .filter(|s| at(s))
            .map(u64::to_string)
            .collect();
        let at = match steps.len() {
            0 => String::new(),
            1..=6 => format!(" of step {}", steps.join(", ")),
            n => format!(" of {n} steps"),
        };
        format!("known{at}: {} ({})", fault.what, fault.source)
    })
    .collect()
}

/// A large number: `299.9G` is written `300 G`.
fn short(n: u64) -> String {
    const UNITS: [(&str, u64); 4] = [
        (" T", 1_000_000_000_000),
        (" G", 1_000_000_000),
        (" M", 1_000_000),
        (" k", 1000),
    ];
    let unit = UNITS.iter().find(|(_, unit)| n >= *unit);
    match unit {
        None => format!("{n} "),
        Some((name, unit)) => {
            let value = n as f64 / *unit as f64;
            let digits = usize::from(value < 99.95);
            format!("{value:.digits$}{name}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn large_numbers_are_short() {
        for (n, text) in [
            (12, "12 "),
            (1_000, "1.0 k"),
            (299_892_736_000, "300 G"),
            (2_300_000_000, "2.3 G"),
            (99_960_000, "100 M"),
        ] {
            assert_eq!(short(n), text);
        }
    }
}
