//! Short runs, whose folders are brought to the disk together: that of each by itself takes longer than its training.

use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use outcrop_core::StagedFolder;
use outcrop_model::Backend;
use outcrop_schedule::Schedule;
use outcrop_train::{Environment, Outcome, RunSpec};

/// What an update takes at least, in seconds.
const UPDATE: f64 = 1e-3;
/// Floating-point operations of a core in a second.
const SPEED: f64 = 2e10;
/// Seconds of training for which a run may be out of sight.
const SHORT: f64 = 1.0;
/// How long folders wait for others, since one sync brings all of them to the disk.
const GATHERED_FOR: Duration = Duration::from_millis(500);
/// How many wait at most: each keeps its lock open.
const GATHERED: usize = 64;

/// Whether a run of so much `work`, in floating-point operations, is short, and has no checkpoint from which it could go on if
/// it were killed.
pub(super) fn is_short(spec: &RunSpec, work: f64, environment: &Environment) -> bool {
    let steps = spec.train.steps;
    let seconds = steps as f64 * UPDATE + work / SPEED;
    let is_whole = |saved: Schedule| saved.steps().iter().all(|step| *step == steps);
    environment.backend == Backend::Flex && seconds < SHORT && spec.saved_at().is_ok_and(is_whole)
}

/// A short run that has ended, in a folder without its name.
pub(super) struct Ended {
    pub(super) run: usize,
    pub(super) folder: StagedFolder,
    pub(super) outcome: outcrop_train::Result<Outcome>,
}

/// Names the folders of runs that have ended, many at a time, until no run is left; `tell` gets how each ended.
pub(super) fn name_folders(
    ended: &Receiver<Ended>,
    tell: impl Fn(usize, outcrop_train::Result<Outcome>),
) {
    while let Ok(first) = ended.recv() {
        let gathered = gather(first, ended);
        let split = gathered
            .into_iter()
            .map(|one| (one.folder, (one.run, one.outcome)));
        let (folders, outcomes): (Vec<_>, Vec<_>) = split.unzip();
        for (named, (run, outcome)) in StagedFolder::name_all(folders).into_iter().zip(outcomes) {
            let named = named.map_err(outcrop_train::Error::from);
            tell(run, outcome.and_then(|outcome| named.map(|()| outcome)));
        }
    }
}

/// `first` and those that end soon after it; once no run is left, nothing is waited for.
fn gather(first: Ended, ended: &Receiver<Ended>) -> Vec<Ended> {
    let until = Instant::now() + GATHERED_FOR;
    let mut gathered = vec![first];
    while gathered.len() < GATHERED {
        let left = until.saturating_duration_since(Instant::now());
        match ended.recv_timeout(left) {
            Ok(next) => gathered.push(next),
            Err(_) => break,
        }
    }
    gathered
}
