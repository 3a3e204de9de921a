//! Revisions of a model in the cache of the Hugging Face hub: a file in `refs`, which may be nested,
//! holds the name of a folder in `snapshots`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::Finder;
use crate::names::CheckpointName;
use crate::weights::has_weights;
use crate::{Error, Result};

/// The revision that is taken where no name gives a step and nothing else is sensible.
const MAIN: &str = "main";
/// How refs of pull requests begin.
const PULL_REQUESTS: &str = "refs/";
/// Digits of a commit by which it is named here.
const SHORT: usize = 12;

/// Whether a folder is a model of the hub's cache.
pub(super) fn is_cached_model(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_dir();
    has("snapshots") && (has("refs") || has("blobs"))
}

/// A revision: its name, or its commit where no ref names it.
struct Revision {
    name: String,
    /// The ref, or the snapshot without one.
    path: PathBuf,
    /// None where it is not in the cache.
    snapshot: Option<PathBuf>,
    /// Whether a ref names it.
    named: bool,
}

impl Finder<'_> {
    pub(super) fn revisions(&mut self) -> Result<()> {
        let revisions = revisions(self.path)?;
        if !self.select.revisions.is_empty() {
            return self.wanted(&revisions);
        }
        if !revisions.iter().any(|r| self.step_name(r).is_some()) {
            return self.without_steps(&revisions);
        }
        for revision in &revisions {
            match self.step_name(revision) {
                Some(name) => self.revision(Some(name), revision),
                None => {
                    let reason = format!(
                        "the revision names no step; --revision {} measures it",
                        revision.name
                    );
                    self.problem(None, &revision.path, &reason);
                }
            }
        }
        Ok(())
    }

    /// What the name of a revision says, if it gives a step.
    fn step_name(&self, revision: &Revision) -> Option<CheckpointName> {
        let name = CheckpointName::parse(&revision.name).filter(|_| revision.named)?;
        self.step(&name).is_some().then_some(name)
    }

    fn revision(&mut self, name: Option<CheckpointName>, revision: &Revision) {
        match &revision.snapshot {
            Some(snapshot) => self.take(name, snapshot, &revision.path),
            None => {
                let step = name.as_ref().and_then(|name| self.step(name));
                let reason = "its snapshot is not in the cache";
                self.problem(step, &revision.path, reason);
            }
        }
    }

    /// The requested revisions, all of which must exist.
    fn wanted(&mut self, revisions: &[Revision]) -> Result<()> {
        for wanted in &self.select.revisions {
            let is_it = |r: &&Revision| {
                let commit = r.snapshot.as_deref().and_then(super::name_of);
                r.name == *wanted
                    || wanted.len() >= 7 && commit.is_some_and(|c| c.starts_with(wanted.as_str()))
            };
            let exact = revisions.iter().find(|r| r.name == *wanted);
            let Some(found) = exact.or_else(|| revisions.iter().find(is_it)) else {
                return Err(self.choose(&format!("there is no `{wanted}`"), revisions));
            };
            self.revision(self.step_name(found), found);
        }
        let without = self
            .found
            .iter()
            .filter(|f| f.checkpoint.step.is_none())
            .count();
        if without > 0 && self.found.len() > 1 {
            let reason = "without a step in its name one is measured by itself";
            return Err(self.choose(reason, revisions));
        }
        Ok(())
    }

    /// Takes the only one that has weights. Pull requests are beside it, and commits without a name, from
    /// which it moved on.
    fn without_steps(&mut self, revisions: &[Revision]) -> Result<()> {
        let weighted = |r: &&Revision| r.snapshot.as_deref().is_some_and(has_weights);
        let weighted: Vec<&Revision> = revisions.iter().filter(weighted).collect();
        let named = |r: &&&Revision| r.named && !r.name.starts_with(PULL_REQUESTS);
        let sensible: Vec<&Revision> = match weighted.iter().any(|r| named(&r)) {
            true => weighted.iter().filter(named).copied().collect(),
            false => weighted,
        };
        let commits: BTreeSet<_> = sensible.iter().map(|r| &r.snapshot).collect();
        let of_main = sensible.iter().find(|r| r.name == MAIN);
        let chosen = match commits.len() {
            0 => {
                let there = there(revisions);
                return Err(self.nothing(&format!("no revision has weights in it ({there})")));
            }
            1 => of_main.or(sensible.first()),
            _ => None,
        };
        let Some(chosen) = chosen else {
            let reason = "no name gives a step, and there are several";
            return Err(self.choose(reason, revisions));
        };
        self.notes.push(format!(
            "revision `{}` is taken; no name in the cache gives a step",
            chosen.name
        ));
        for other in revisions.iter().filter(|r| r.snapshot != chosen.snapshot) {
            let reason = format!("--revision {} measures it", other.name);
            self.problem(None, &other.path, &reason);
        }
        self.revision(None, chosen);
        Ok(())
    }

    fn choose(&self, reason: &str, revisions: &[Revision]) -> Error {
        Error::Revisions {
            path: self.path.into(),
            reason: reason.into(),
            there: there(revisions),
        }
    }
}

/// The revisions in words.
fn there(revisions: &[Revision]) -> String {
    let word = |revision: &Revision| {
        let name = &revision.name;
        match revision.snapshot.as_deref().is_some_and(has_weights) {
            true => format!("`{name}`"),
            false => format!("`{name}` without weights"),
        }
    };
    revisions.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// The refs by name, and the snapshots that none refers to.
fn revisions(model: &Path) -> Result<Vec<Revision>> {
    let (refs, snapshots) = (model.join("refs"), model.join("snapshots"));
    let mut found = Vec::new();
    for file in files(&refs)? {
        let name = file.strip_prefix(&refs).unwrap_or(&file);
        let parts: Vec<_> = name.iter().map(|part| part.to_string_lossy()).collect();
        let commit = fs::read_to_string(&file).map_err(|e| Error::io("read", &file, e))?;
        let commit = commit.trim();
        let is_hash = !commit.is_empty() && commit.bytes().all(|b| b.is_ascii_hexdigit());
        let snapshot = Some(snapshots.join(commit)).filter(|path| is_hash && path.is_dir());
        found.push(Revision {
            name: parts.join("/"),
            path: file,
            snapshot,
            named: true,
        });
    }
    let referred: BTreeSet<PathBuf> = found.iter().filter_map(|r| r.snapshot.clone()).collect();
    for path in read_dir(&snapshots)?.into_iter().filter(|p| p.is_dir()) {
        if !referred.contains(&path) {
            let commit = super::name_of(&path).unwrap_or_default();
            found.push(Revision {
                name: commit.get(..SHORT).unwrap_or(&commit).to_owned(),
                path: path.clone(),
                snapshot: Some(path),
                named: false,
            });
        }
    }
    Ok(found)
}

/// Every file below a folder, by path; none where it is missing.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop().filter(|folder| folder.is_dir()) {
        for path in read_dir(&folder)? {
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path),
            }
        }
    }
    found.sort();
    Ok(found)
}

fn read_dir(folder: &Path) -> Result<Vec<PathBuf>> {
    let io = |e| Error::io("read folder", folder, e);
    let entries = fs::read_dir(folder).map_err(io)?;
    entries.map(|e| Ok(e.map_err(io)?.path())).collect()
}
