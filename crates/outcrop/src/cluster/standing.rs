//! Where every run of a sweep stands: by its own files first, by SLURM's queue second.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use outcrop_core::{LOCK_FILE, staged};
use outcrop_series::{Folder, PartStanding};
use rayon::prelude::*;

use super::attempts::{Attempts, step};
use super::queue::{Doing, Queue};
use super::submission::Submitted;
use crate::Result;
use crate::pipeline::{LineHead, Results};

/// Threads that read the files of runs: they wait for the disk, not for a core.
const READERS: usize = 16;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// It is at its last step, and everything is on the disk.
    Finished,
    /// A process trains it.
    Running,
    /// Its element waits in SLURM's queue.
    Queued,
    /// It has a checkpoint, and no process trains it.
    Stopped,
    /// It cannot go on.
    Failed,
    /// It has not begun.
    Missing,
}

impl Standing {
    /// All of them, with their words.
    pub(crate) const ALL: [(Self, &'static str); 6] = [
        (Self::Finished, "finished"),
        (Self::Running, "running"),
        (Self::Queued, "queued"),
        (Self::Stopped, "stopped"),
        (Self::Failed, "failed"),
        (Self::Missing, "missing"),
    ];

    /// Its word.
    pub(crate) fn word(self) -> &'static str {
        let found = Self::ALL.iter().find(|(standing, _)| *standing == self);
        found.map_or("", |(_, word)| word)
    }

    /// Whether an engine must be asked for it.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Stopped | Self::Failed | Self::Missing)
    }
}

/// A run of a manifest and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) index: usize,
    pub(crate) model: String,
    pub(crate) standing: Standing,
    /// The step of its newest checkpoint.
    pub(crate) step: u64,
    /// Why it failed, or SLURM's word for its element.
    pub(crate) note: String,
}

/// Where the runs of a manifest stand; `arrays` are those that were submitted, the last last.
pub(crate) fn standings(
    results: &Results,
    heads: &[LineHead],
    arrays: &[Submitted],
    queue: &Queue,
) -> Vec<Run> {
    let elements = elements(arrays);
    let locked = locked();
    let counts_attempts = results.file("attempts").is_dir();
    let one = |head: &LineHead| {
        let run = |standing, step, note: &str| Run {
            index: head.index,
            model: head.model.clone(),
            standing,
            step,
            note: note.to_owned(),
        };
        let damage = match finished(results, head) {
            Ok(End::Reached(step)) => return run(Standing::Finished, step, ""),
            Err(error) => return run(Standing::Failed, 0, &format!("failed to {error}")),
            Ok(End::Open) => None,
            Ok(End::Damaged(words)) => Some(words),
        };
        let step = match head.step {
            None => step(results, &head.model),
            Some(_) => 0, // a checkpoint is measured as a whole
        };
        let run_dir = results.run(&head.model);
        let begun = [run_dir.path().to_owned(), staged(run_dir.path())];
        let locks = begun.map(|folder| folder.join(LOCK_FILE));
        let element = elements
            .get(&head.index)
            .and_then(|(job, element)| queue.doing(job, *element));
        let is_elsewhere = matches!(element, Some((Doing::Runs, _)));
        let is_held = |lock: &PathBuf| is_locked(lock, &locked) || (is_elsewhere && lock.exists());
        if locks.iter().any(is_held) {
            return run(Standing::Running, step, "");
        }
        let attempts = counts_attempts.then(|| Attempts::read(results, &head.model, &head.id));
        let failure = attempts.and_then(|attempts| attempts.failure);
        match (element, failure, step) {
            (Some((Doing::Waits | Doing::Runs, word)), None, _) => {
                run(Standing::Queued, step, word)
            }
            (_, Some(failure), _) => run(Standing::Failed, step, &failure),
            (_, None, _) if damage.is_some() => {
                run(Standing::Failed, step, &damage.unwrap_or_default())
            }
            (Some((Doing::Ended, word)), None, 1..) => run(Standing::Stopped, step, word),
            (Some((Doing::Ended, word)), None, 0) => run(Standing::Missing, step, word),
            (None, None, 1..) => run(Standing::Stopped, step, ""),
            (None, None, 0) => run(Standing::Missing, step, ""),
        }
    };
    let all = || heads.par_iter().map(one).collect();
    match rayon::ThreadPoolBuilder::new().num_threads(READERS).build() {
        Ok(pool) => pool.install(all),
        Err(_) => all(),
    }
}

/// Whether there is more to do for a run.
enum End {
    /// None: this is its last step, or the one that it measured.
    Reached(u64),
    Open,
    /// What was measured is not as it was written; what is wrong.
    Damaged(String),
}

fn finished(results: &Results, head: &LineHead) -> Result<End> {
    let run = results.run(&head.model);
    let Some(step) = head.step else {
        let state = run.state()?;
        return Ok(match state.finished {
            true => End::Reached(state.step),
            false => End::Open,
        });
    };
    Ok(match Folder::new(run.path()).part(step) {
        PartStanding::Whole => End::Reached(step),
        PartStanding::Damaged(words) => End::Damaged(format!("it is damaged: {words}")),
        PartStanding::Missing => End::Open,
    })
}

/// The array and element that last got each run.
fn elements(arrays: &[Submitted]) -> HashMap<usize, (&str, usize)> {
    let mut found = HashMap::new();
    for Submitted { job, array } in arrays {
        for &element in &array.elements {
            let runs = array.runs_of(element);
            found.extend(runs.map(|run| (run, (job.as_str(), element))));
        }
    }
    found
}

/// Inodes of files on which this machine's processes hold a lock; none where the system does not say it.
fn locked() -> BTreeSet<u64> {
    let text = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let inode = |line: &str| {
        line.split_whitespace()
            .find(|word| word.matches(':').count() == 2)?
            .rsplit(':')
            .next()?
            .parse()
            .ok()
    };
    text.lines().filter_map(inode).collect()
}

/// Whether a process of this machine holds the lock. Trying to take it would refuse a run that begins at this moment.
#[cfg(unix)]
fn is_locked(lock: &std::path::Path, locked: &BTreeSet<u64>) -> bool {
    use std::os::unix::fs::MetadataExt;

    !locked.is_empty()
        && lock
            .metadata()
            .is_ok_and(|file| locked.contains(&file.ino()))
}

#[cfg(not(unix))]
fn is_locked(_: &std::path::Path, _: &BTreeSet<u64>) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use outcrop_core::FolderLock;
    use outcrop_train::State;

    use super::*;

    #[test]
    fn a_run_stands_where_its_files_and_the_queue_say() {
        let folder = tempfile::tempdir().unwrap();
        let results = Results::new(folder.path());
        let models = [
            "done",
            "worked-on",
            "halfway",
            "diverged",
            "absent",
            "in-queue",
        ];
        let head = |(index, model): (usize, &&str)| LineHead {
            index,
            id: "id".into(),
            model: (*model).into(),
            step: None,
        };
        let heads: Vec<LineHead> = models.iter().enumerate().map(head).collect();
        for model in &models[..4] {
            std::fs::create_dir_all(results.run(model).checkpoints().join("step-000008")).unwrap();
        }
        let done = State {
            step: 9,
            finished: true,
            ..State::default()
        };
        results.run("done").set_state(&done).unwrap();
        let lock = FolderLock::acquire(results.run("worked-on").path(), "us").unwrap();
        std::fs::write(
            results.run("halfway").path().join(LOCK_FILE),
            "a killed process\n",
        )
        .unwrap();
        Attempts::fail(&results, "diverged", "id", "the loss is NaN").unwrap();
        let array = super::super::arrays::JobArray {
            offset: 0,
            pack: 2,
            elements: vec![2],
        };
        let arrays = [Submitted {
            job: "7".into(),
            array,
        }];
        let mut found = standings(&results, &heads, &arrays, &Queue::default());
        assert!(found.iter().all(|run| run.standing != Standing::Queued));
        let expected = [
            (Standing::Finished, 9),
            (Standing::Running, 8),
            (Standing::Stopped, 8),
            (Standing::Failed, 8),
            (Standing::Missing, 0),
            (Standing::Missing, 0),
        ];
        let told: Vec<(Standing, u64)> = found
            .drain(..)
            .map(|run| (run.standing, run.step))
            .collect();
        if cfg!(target_os = "linux") {
            assert_eq!(told, expected);
        }
        drop(lock);
    }
}
