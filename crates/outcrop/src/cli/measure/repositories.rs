//! Runs with a repository for each step.

use std::path::Path;

use outcrop_checkpoint::CheckpointName;
use outcrop_core::Error as CoreError;
use outcrop_series::HubRevision;

use super::found::Found;
use crate::Result;

/// Repositories as one series.
pub(super) struct Series {
    /// What their names have in common, or the first of them.
    pub(super) name: String,
    pub(super) found: Vec<Found>,
    /// Those whose names give no step.
    pub(super) others: Vec<String>,
}

/// The models and revisions that a file lists, one a line; `#` begins a comment.
pub(super) fn read(file: &Path) -> Result<Vec<(String, String)>> {
    let text = std::fs::read_to_string(file).map_err(|e| CoreError::io("read", file, e))?;
    let lines = text.lines().enumerate().filter_map(|(number, line)| {
        let line = line.split('#').next().unwrap_or_default().trim();
        (!line.is_empty()).then_some((number + 1, line))
    });
    let mut entries = Vec::new();
    for (number, line) in lines {
        let (repo, revision) = line.split_once('@').unwrap_or((line, "main"));
        if repo.split('/').count() != 2 || line.contains(char::is_whitespace) {
            let context = format!("{}, line {number}", file.display());
            let reason = format!("`{line}` is not ORGANISATION/NAME or ORGANISATION/NAME@REVISION");
            return Err(CoreError::parse(context, reason).into());
        }
        entries.push((repo.to_owned(), revision.to_owned()));
    }
    match entries.is_empty() {
        false => Ok(entries),
        true => Err(CoreError::parse(file.display().to_string(), "it lists no model").into()),
    }
}

/// Reads steps from the names of repositories, or of their revisions where these name them. What all names have before
/// their steps is the name of the model; what they have not in common tells apart stages or seeds.
pub(super) fn series(entries: &[(String, String)], steps_per_count: Option<u64>) -> Series {
    let (mut named, mut others) = (Vec::new(), Vec::new());
    for (repo, revision) in entries {
        let own = CheckpointName::parse(revision);
        let name = own.or_else(|| CheckpointName::parse(repo.rsplit('/').next().unwrap_or(repo)));
        match name.and_then(|name| Some((name.step(steps_per_count)?, name))) {
            Some((step, name)) => named.push((step, name, repo, revision)),
            None => others.push(repo.clone()),
        }
    }
    let parts: Vec<Vec<&str>> = named.iter().map(|(_, name, ..)| words(name)).collect();
    let common = parts.first().map_or(0, |first| {
        let alike = |n: &usize| parts.iter().all(|part| part.get(..*n) == first.get(..*n));
        (0..=first.len()).rev().find(alike).unwrap_or(0)
    });
    let stem = parts.first().map(|first| first[..common].join("-"));
    let first = entries
        .first()
        .map_or("", |(repo, _)| repo.rsplit('/').next().unwrap_or(repo));
    let found = named
        .iter()
        .zip(&parts)
        .map(|((step, _, repo, revision), parts)| Found {
            revision: HubRevision {
                step: *step,
                repo: (*repo).clone(),
                revision: (*revision).clone(),
            },
            part: Some(parts[common..].join("-")).filter(|part| !part.is_empty()),
            stage: None,
            seed: None,
        });
    Series {
        found: found.collect(),
        name: stem
            .filter(|stem| !stem.is_empty())
            .unwrap_or_else(|| first.to_owned()),
        others,
    }
}

fn words(name: &CheckpointName) -> Vec<&str> {
    let part = name.part().map(|part| part.split('-').collect());
    part.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_series(names: &[&str]) -> Series {
        let entries: Vec<_> = names
            .iter()
            .map(|name| (format!("org/{name}"), "main".to_owned()))
            .collect();
        series(&entries, None)
    }

    #[test]
    fn what_names_have_in_common_is_the_model() {
        let tiny = read_series(&[
            "TinyLlama-1.1B-step-50K-105b",
            "TinyLlama-1.1B-intermediate-step-1431k-3T",
            "TinyLlama-1.1B-Chat-v1.0",
        ]);
        let steps: Vec<u64> = tiny.found.iter().map(|found| found.revision.step).collect();
        assert_eq!(
            (tiny.name.as_str(), steps),
            ("TinyLlama-1.1B", vec![50_000, 1_431_000])
        );
        assert!(tiny.found.iter().all(|found| found.part.is_none()));
        assert_eq!(tiny.others, ["org/TinyLlama-1.1B-Chat-v1.0"]);
        let berts = read_series(&["multiberts-seed_0-step_20k", "multiberts-seed_1-step_20k"]);
        let parts: Vec<_> = berts
            .found
            .iter()
            .map(|found| found.part.clone().unwrap())
            .collect();
        assert_eq!(
            (berts.name.as_str(), parts.join(" ")),
            ("multiberts", "seed_0 seed_1".into())
        );
    }

    #[test]
    fn lists_are_read_line_by_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("list");
        std::fs::write(&file, "# a run\norg/a-step-1\n\norg/b@step2  # a branch\n").unwrap();
        let main = "main".to_owned();
        let expected = [
            ("org/a-step-1".to_owned(), main),
            ("org/b".into(), "step2".into()),
        ];
        assert_eq!(read(&file).unwrap(), expected);
        std::fs::write(&file, "org/a\nnot a model\n").unwrap();
        let said = read(&file).unwrap_err().to_string();
        assert!(
            said.contains("line 2") && said.contains("not a model"),
            "{said}"
        );
    }
}
