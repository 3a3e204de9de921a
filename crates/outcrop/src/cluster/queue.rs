//! What SLURM's own commands say.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Error, Result};

/// States of elements of job arrays, by the array's job id and the number of the element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Queue {
    states: BTreeMap<(String, usize), String>,
}

/// What an element does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// It waits for its turn, the first time or again.
    Waits,
    /// It runs, or is about to end.
    Runs,
    /// It is over.
    Ended,
}

/// States of SLURM that are not `Ended`, as squeue and sacct name them.
const DOING: [(&str, Doing); 11] = [
    ("PENDING", Doing::Waits),
    ("REQUEUED", Doing::Waits),
    ("REQUEUE_HOLD", Doing::Waits),
    ("REQUEUE_FED", Doing::Waits),
    ("PREEMPTED", Doing::Waits),
    ("CONFIGURING", Doing::Waits),
    ("SUSPENDED", Doing::Waits),
    ("SPECIAL_EXIT", Doing::Waits),
    ("RUNNING", Doing::Runs),
    ("STAGE_OUT", Doing::Runs),
    ("COMPLETING", Doing::Runs),
];

impl Queue {
    /// What squeue says of these jobs and, of elements that it has forgotten, sacct; nothing where there is neither.
    pub(crate) fn ask(jobs: &[String]) -> Self {
        if jobs.is_empty() {
            return Self::default();
        }
        let jobs = jobs.join(",");
        let accounted = said(
            "sacct",
            &[
                "--noheader",
                "--parsable2",
                "--allocations",
                "--array",
                "--format=JobID,State",
                "--jobs",
                &jobs,
            ],
        );
        let queued = said(
            "squeue",
            &[
                "--noheader",
                "--array",
                "--format=%F_%K|%T",
                "--jobs",
                &jobs,
            ],
        );
        let mut queue = Self::default();
        queue.read(&accounted.unwrap_or_default());
        queue.read(&queued.unwrap_or_default());
        queue
    }

    /// Reads lines such as `12_3|RUNNING`.
    fn read(&mut self, text: &str) {
        for line in text.lines() {
            let element = line.split_once('|').and_then(|(id, state)| {
                let (job, element) = id.trim().split_once('_')?;
                let state = state.split_whitespace().next()?;
                Some(((job.to_owned(), element.parse().ok()?), state.to_owned()))
            });
            self.states.extend(element);
        }
    }

    /// What an element does, and SLURM's word for it; none where SLURM knows nothing of it.
    pub(crate) fn doing(&self, job: &str, element: usize) -> Option<(Doing, &str)> {
        let state = self.states.get(&(job.to_owned(), element))?;
        let known = DOING.iter().find(|(word, _)| word == state);
        Some((
            known.map_or(Doing::Ended, |(_, doing)| *doing),
            state.as_str(),
        ))
    }
}

/// Whether jobs can be submitted from here.
pub(crate) fn is_here() -> bool {
    said("sbatch", &["--version"]).is_some()
}

/// The site's MaxArraySize.
pub(super) fn max_array_size() -> Option<u32> {
    let config = said("scontrol", &["show", "config"])?;
    let line = config
        .lines()
        .find(|line| line.starts_with("MaxArraySize"))?;
    line.split_once('=')?.1.trim().parse().ok()
}

/// Submits a script and returns the id of its job; it begins when the jobs `after` are over, however they end.
///
/// # Errors
/// [`Error::Environment`] with what sbatch says.
pub(super) fn submit(script: &Path, after: &[String]) -> Result<String> {
    let mut sbatch = Command::new("sbatch");
    sbatch.arg("--parsable");
    if !after.is_empty() {
        sbatch.arg(format!("--dependency=afterany:{}", after.join(":")));
    }
    let output = sbatch.arg(script).output();
    let output = output.map_err(|e| Error::Environment(format!("start sbatch: {e}")))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if !output.status.success() {
        let said = text(&output.stderr);
        return Err(Error::Environment(format!(
            "submit {}: {said}",
            script.display()
        )));
    }
    let id = text(&output.stdout); // `12`, or `12;cluster`
    Ok(id.split(';').next().unwrap_or_default().to_owned())
}

/// What a command writes; none where it is not there or fails.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    let output = command
        .args(arguments)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_and_those_of_the_queue_come_last() {
        let mut queue = Queue::default();
        queue.read("7_0|COMPLETED\n7_1|CANCELLED by 0\n7_2|PREEMPTED\n7_3|TIMEOUT\n");
        queue.read("7_3|PENDING\n7_4|RUNNING\nno element\n7|RUNNING\n");
        let doing = |element| {
            queue
                .doing("7", element)
                .map(|(doing, word)| (doing, word.to_owned()))
        };
        assert_eq!(doing(0), Some((Doing::Ended, "COMPLETED".to_owned())));
        assert_eq!(doing(1), Some((Doing::Ended, "CANCELLED".to_owned())));
        assert_eq!(doing(2).unwrap().0, Doing::Waits);
        assert_eq!(doing(3).unwrap().0, Doing::Waits);
        assert_eq!(doing(4).unwrap().0, Doing::Runs);
        assert_eq!((doing(5), queue.doing("8", 0)), (None, None));
    }
}
