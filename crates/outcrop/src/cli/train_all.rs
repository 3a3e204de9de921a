//! Several runs, with one progress bar.

use outcrop_model::Backend;
use outcrop_train::{Environment, Outcome, RunSpec};

use super::progress::Bar;
use super::threads;
use crate::Result;
use crate::pipeline::{FailedRun, Jobs, Order, Progress, Results, sweep};

/// Number of parallel runs and threads of each: `asked` runs, or else one for each core on the CPU and one on a GPU.
pub(super) fn jobs(asked: Option<u16>, backend: Backend, threads: Option<u16>) -> Jobs {
    let cores = threads::or_cores(threads);
    let runs = match (asked, backend) {
        (Some(asked), _) => usize::from(asked),
        (None, Backend::Flex) => cores,
        _ => 1,
    };
    Jobs {
        runs,
        threads: (cores / runs).max(1),
        order: Order::Longest,
    }
}

/// Trains every run in its folder of `results`.
pub(super) fn train_all(
    runs: &[RunSpec],
    results: &Results,
    environment: &Environment,
    jobs: Jobs,
) -> Result<Vec<FailedRun>> {
    let bar = Bar::new();
    let mut shown = Shown {
        bar: &bar,
        runs,
        running: Vec::new(),
        ended: 0,
        begun: false,
    };
    let failures = sweep(runs, results, environment, jobs, &mut |progress| {
        shown.show(progress);
    });
    bar.finish();
    failures
}

struct Shown<'a> {
    bar: &'a Bar,
    runs: &'a [RunSpec],
    running: Vec<usize>,
    ended: usize,
    /// Whether the time left is being estimated.
    begun: bool,
}

impl Shown<'_> {
    fn show(&mut self, progress: Progress) {
        match progress {
            Progress::Started { run, share } => {
                self.running.push(run);
                match self.begun {
                    true => self.bar.share(share),
                    false => self.bar.start_at(share),
                }
                self.begun = true;
            }
            Progress::Advanced { share, .. } => self.bar.share(share),
            Progress::Warning { run, text } => {
                self.bar.line(&format!("{}: {text}", self.name(run)));
            }
            Progress::Ended {
                run,
                outcome,
                share,
            } => {
                self.bar.share(share);
                self.end(run, outcome);
            }
        }
        let (ended, total) = (self.ended, self.runs.len());
        let names: Vec<&str> = self.running.iter().map(|&run| self.name(run)).collect();
        let names = names.join(" ");
        self.bar.message(format!("{ended}/{total} runs  {names}"));
    }

    fn end(&mut self, run: usize, outcome: std::result::Result<Outcome, String>) {
        self.running.retain(|r| *r != run);
        self.ended += 1;
        let how = match outcome {
            Ok(Outcome::Finished) => "finished",
            Ok(Outcome::AlreadyFinished) => "was finished already",
            Ok(Outcome::Interrupted) => "interrupted",
            // now, not only at the end: whoever reads along may end a sweep that cannot succeed
            Err(why) => &format!("failed to {why}"),
        };
        let (ended, total) = (self.ended, self.runs.len());
        let name = self.name(run);
        self.bar.line(&format!("[{ended:>2}/{total}] {name} {how}"));
    }

    fn name(&self, run: usize) -> &str {
        &self.runs[run].model
    }
}
