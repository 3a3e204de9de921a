//! Short runs, whose folders are brought to the disk together: that of each by itself takes longer than its training.

use std::sync::mpsc::Receiver;

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

/// Names the folders of runs that have ended, all that wait at a time, until no run is left; `tell` gets how each ended.
pub(super) fn name_folders(
    ended: &Receiver<Ended>,
    tell: impl Fn(usize, outcrop_train::Result<Outcome>),
) {
    while let Ok(first) = ended.recv() {
        let waiting = std::iter::once(first).chain(ended.try_iter());
        let split = waiting.map(|one| (one.folder, (one.run, one.outcome)));
        let (folders, outcomes): (Vec<_>, Vec<_>) = split.unzip();
        for (named, (run, outcome)) in StagedFolder::name_all(folders).into_iter().zip(outcomes) {
            let named = named.map_err(outcrop_train::Error::from);
            tell(run, outcome.and_then(|outcome| named.map(|()| outcome)));
        }
    }
}
