//! The tables of what elements measured.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use outcrop_core::Error as CoreError;
use outcrop_series::{Folder, PartStanding};

use super::super::share::Share;
use super::{Args, OutFolder, Target, Work, measure, parts};
use crate::cli::output::say;
use crate::cluster::{Attempts, Submission};
use crate::pipeline::{LineHead, Manifest, Results, heads};
use crate::{Error, Result};

/// Writes the tables of what was measured, as one process would, and names what was not. What an element failed at, and what
/// is damaged, is measured here: it fails again, or does not.
pub(super) fn join(args: &Args, stop: &Arc<AtomicBool>) -> Result<()> {
    let results = match &args.out {
        Some(out) => parts(&OutFolder::new(Some(out), "")),
        None => parts(&Target::of(args, stop)?.out),
    };
    let path = Manifest::file(&results);
    if !path.is_file() {
        let allowed = "that of a series which was measured with --engine slurm: beside it is its folder .parts";
        return Err(CoreError::range("--out", results.path().display(), allowed).into());
    }
    let found = Found::of(&results, &heads(&path)?)?;
    found.say(&results);
    if found.parts.is_empty() && found.here.is_empty() {
        let of = found.missing.len();
        return Err(Error::NothingMeasured { of });
    }
    let work = Work {
        share: Share::Without(found.missing),
        out: None,
        parts: found.parts,
    };
    measure(args, stop, work)
}

/// What elements left.
#[derive(Default)]
struct Found {
    /// Folders of steps that were measured.
    parts: BTreeMap<u64, PathBuf>,
    /// Steps to be measured by the process that joins, with the reason.
    here: BTreeMap<u64, String>,
    /// Steps that no element came to an end with.
    missing: BTreeSet<u64>,
}

impl Found {
    fn of(results: &Results, lines: &[LineHead]) -> Result<Self> {
        let retries = Submission::read(results)?.settings.retries;
        let mut found = Self::default();
        for line in lines {
            let Some(step) = line.step else { continue };
            let folder = results.run(&line.model).path().to_owned();
            let attempts = Attempts::read(results, &line.model, &line.id);
            let given_up = attempts.is_given_up(retries);
            match (Folder::new(&folder).part(step), attempts.failure) {
                (PartStanding::Whole, _) => drop(found.parts.insert(step, folder)),
                (PartStanding::Damaged(words), _) => {
                    let words = format!("what its element measured is damaged: {words}");
                    found.here.insert(step, words);
                }
                (PartStanding::Missing, Some(why)) if !given_up => {
                    found.here.insert(step, format!("its element {why}"));
                }
                (PartStanding::Missing, _) => drop(found.missing.insert(step)),
            }
        }
        Ok(found)
    }

    fn say(&self, results: &Results) {
        for (step, why) in &self.here {
            say(&format!("warning: step {step} is measured here: {why}"));
        }
        if !self.missing.is_empty() {
            let steps: Vec<String> = self.missing.iter().map(u64::to_string).collect();
            say(&format!(
                "warning: without these steps, which no element has measured: {}; `outcrop sweep status {}` says why",
                steps.join(", "),
                results.path().display()
            ));
        }
    }
}
