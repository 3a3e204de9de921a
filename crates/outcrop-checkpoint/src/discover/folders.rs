//! Checkpoints in folders of a disk.

use std::fs;
use std::path::{Path, PathBuf};

use super::named::name_at;
use super::{Finder, name_of, seen};
use crate::names::{CheckpointName, ENDINGS, is_unfinished};
use crate::near::CHECKPOINTS;
use crate::weights::{ADAPTER, NAMES, has_weights};
use crate::{Error, Result};

/// What may be a checkpoint of a series: a folder, or a weight file.
struct Candidate {
    path: PathBuf,
    name: Option<CheckpointName>,
    /// Whether there is a weight file at all, however damaged.
    weights: bool,
}

impl Finder<'_> {
    pub(super) fn folder(&mut self) -> Result<()> {
        let own = candidates(self.path)?;
        let inner = self.path.join(CHECKPOINTS);
        let inner = match inner.is_dir() {
            true => candidates(&inner)?,
            false => Vec::new(),
        };
        let is_step = |c: &Candidate| {
            c.weights
                && c.name
                    .as_ref()
                    .is_some_and(|name| self.step(name).is_some())
        };
        let (in_checkpoints, here) = (inner.iter().any(is_step), own.iter().any(is_step));
        if !in_checkpoints && !here {
            if has_weights(self.path) {
                return self.alone(own.iter().chain(&inner));
            }
            return Ok(());
        }
        if has_weights(self.path) {
            let reason = "its own weights have no step, but the checkpoints in it have";
            self.problem(None, self.path, reason);
        }
        if in_checkpoints && here {
            let reason = "`checkpoints` beside them has steps too, which are taken; these have to be \
                          given by themselves";
            self.problem(None, self.path, reason);
        }
        for candidate in if in_checkpoints { inner } else { own } {
            self.candidate(candidate);
        }
        Ok(())
    }

    /// A single model; folders without weights do not hide it, and their content is reported.
    fn alone<'b>(&mut self, below: impl Iterator<Item = &'b Candidate>) -> Result<()> {
        let folder = std::path::absolute(self.path).ok();
        let name = folder.as_deref().and_then(name_at);
        self.single(name, self.path)?;
        for candidate in below.filter(|c| c.name.is_some() && !c.weights) {
            if let Some((seen, name)) = seen::of_folder(&candidate.path) {
                let (path, what) = (candidate.path.display(), seen.what);
                let note = format!("{path} was skipped: it holds {what} (`{name}`)");
                self.notes.push(note);
            }
        }
        Ok(())
    }

    fn candidate(&mut self, candidate: Candidate) {
        let Candidate {
            path,
            name,
            weights,
        } = candidate;
        let step = name.as_ref().and_then(|name| self.step(name));
        let file_name = name_of(&path).unwrap_or_default();
        match (name, step) {
            _ if is_unfinished(&file_name) => {
                let reason = "its name says that it is incomplete";
                self.problem(None, &path, reason);
            }
            (Some(name), Some(_)) => self.take(Some(name), &path, &path),
            (Some(_), None) if weights => {
                let reason = "the number in its name counts saves or epochs, not steps; \
                              --steps-per-count says how many steps one is";
                self.problem(None, &path, reason);
            }
            _ => self.problem(None, &path, "its name gives no step"),
        }
    }
}

/// The folders in a folder, and the weight files under names of their own, by name; nothing whose name
/// begins with a dot.
fn candidates(folder: &Path) -> Result<Vec<Candidate>> {
    let io = |e| Error::io("read folder", folder, e);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let Some(file_name) = name_of(&path).filter(|name| !name.starts_with('.')) else {
            continue;
        };
        let is_checkpoints = file_name == CHECKPOINTS;
        let name = name_at(&path);
        let weights = match path.is_dir() {
            true => has_weights(&path),
            false if !is_weight_file(&file_name) => continue,
            false => true,
        };
        let inner = weights || path.is_dir() && !is_checkpoints;
        if inner {
            found.push(Candidate {
                path,
                name,
                weights,
            });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Whether a file has weights by itself under a name that is not that of a model's own.
fn is_weight_file(name: &str) -> bool {
    let is_own = [&NAMES[..], &ADAPTER[..]].concat().contains(&name) || name.contains("-of-");
    let ending = ENDINGS.iter().any(|ending| name.ends_with(ending));
    ending && !is_own && seen::no_weights(name).is_none()
}
