//! An element of a job array, which measures some checkpoints, each into a folder of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use outcrop_core::Error as CoreError;
use outcrop_series::{Folder, PartStanding};

use super::super::share::Share;
use super::{Args, OutFolder, Work, measure, parts};
use crate::cli::{stop, voice};
use crate::cluster::Attempts;
use crate::pipeline::{LineHead, Manifest, Results, heads_at};
use crate::{Error, Result};

/// Measures the checkpoints of an element. The exit status is as that of `sweep run`.
pub(super) fn measure_lines(args: &Args, index: usize) -> Result<()> {
    let stop = stop::on_first_signal("stopping after this checkpoint")?;
    let results = parts(&OutFolder::new(args.out.as_deref(), ""));
    let manifest = Manifest::file(&results);
    let end = index.saturating_add(args.cluster.count);
    let lines = heads_at(&manifest, index..end)?;
    if lines.is_empty() {
        let reason = format!("it has no line {}", index + 1);
        return Err(CoreError::parse(manifest.display().to_string(), reason).into());
    }
    let mut failed = 0;
    for line in &lines {
        match checkpoint(args, line, &results, &stop) {
            Ok(()) => {}
            Err(Error::Interrupted) => return Err(Error::QueueAgain),
            Err(error) => {
                let why = format!("failed to {error}");
                voice::error(&format!("{}: {why}", line.model));
                Attempts::fail(&results, &line.model, &line.id, &why)?;
                failed += 1;
            }
        }
    }
    match failed {
        0 => Ok(()),
        failed => Err(Error::UnmeasuredInArray {
            failed,
            of: lines.len(),
        }),
    }
}

/// Measures the checkpoint of a line into a folder of its own, unless that was done or tried too often.
fn checkpoint(
    args: &Args,
    line: &LineHead,
    results: &Results,
    stop: &Arc<AtomicBool>,
) -> Result<()> {
    let folder = results.run(&line.model).path().to_owned();
    let Some(step) = line.step else {
        let place = Manifest::file(results).display().to_string();
        return Err(CoreError::parse(place, format!("line {} has no step", line.index + 1)).into());
    };
    if Folder::new(&folder).part(step) == PartStanding::Whole {
        return Ok(());
    }
    let attempts = Attempts::start(results, &line.model, &line.id)?;
    if attempts.is_given_up(args.cluster.settings.options.retries) {
        return Err(Error::StartedTooOften {
            starts: attempts.starts - 1,
        });
    }
    let work = Work {
        share: Share::Only(step),
        out: Some(OutFolder::of_element(folder)),
        parts: BTreeMap::new(),
    };
    measure(args, stop, work)
}
