use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

use outcrop_model::Backend;
use outcrop_train::{Environment, Event, Outcome, RunSpec, train};

use super::Results;
use crate::{Error, Result};

/// A run of less work than this, in floating-point operations, waits for the disk longer than it computes.
const SHORT: f64 = 1e9;
/// Short runs for each one that is to run: while some wait for the disk, others train.
const OVERLAP: usize = 8;

/// How runs share the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jobs {
    /// Runs that compute side by side.
    pub runs: usize,
    /// Threads of each.
    pub threads: usize,
    /// Which runs begin first.
    pub order: Order,
}

/// Which runs begin first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Those with most work, so that no core waits at the end.
    Longest,
    /// The first of the list, so that what is finished before a stop is as mixed as the list.
    Listed,
}

/// Progress of a sweep.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// A run starts or resumes.
    Started {
        /// Its index in the list.
        run: usize,
        /// The share of the whole sweep that is done, 0 to 1, by estimated work.
        share: f64,
    },
    /// A run made updates.
    Advanced {
        /// Its index in the list.
        run: usize,
        /// The share of the whole sweep that is done, 0 to 1, by estimated work.
        share: f64,
    },
    /// Something that the user should know.
    Warning {
        /// Its index in the list.
        run: usize,
        /// What.
        text: String,
    },
    /// A run is over.
    Ended {
        /// Its index in the list.
        run: usize,
        /// How; none where it failed.
        outcome: Option<Outcome>,
        /// The share of the whole sweep that is done.
        share: f64,
    },
}

/// A run that failed; the others continued.
#[derive(Debug)]
pub struct FailedRun {
    /// Name of the model.
    pub model: String,
    /// Why.
    pub error: outcrop_train::Error,
}

/// Trains `runs`, in the order and as many in parallel as `jobs` says, or more where all are so short that they would wait
/// for the disk; `observer` gets every event on the calling
/// thread. A run that is already finished is not run again.
///
/// # Errors
/// [`Error::Interrupted`] where the environment's stop flag was set; [`Error::Environment`] where
/// threads cannot be started. A run that fails is no error but a [`FailedRun`] of the result.
pub fn sweep(
    runs: &[RunSpec],
    results: &Results,
    environment: &Environment,
    jobs: Jobs,
    observer: &mut dyn FnMut(Progress),
) -> Result<Vec<FailedRun>> {
    let work: Vec<f64> = runs.iter().map(work).collect();
    let mut order: Vec<usize> = (0..runs.len()).collect();
    match jobs.order {
        Order::Longest => order.sort_by(|&a, &b| work[b].total_cmp(&work[a])),
        Order::Listed => {}
    }
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let (events, told) = channel();
    let worker = |events: Sender<(usize, Told)>| {
        while let Some(&run) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            if environment.stopped() {
                break;
            }
            let spec = &runs[run];
            let mut tell = |event: &Event<'_>| tell(run, spec.train.steps, event, &events);
            let outcome = train(
                spec,
                results.run(&spec.model).path(),
                environment,
                &mut tell,
            );
            if let Err(error) = outcome {
                let failure = FailedRun {
                    model: spec.model.clone(),
                    error,
                };
                failures
                    .lock()
                    .unwrap_or_else(|e| e.into_inner())
                    .push((run, failure));
                let _ = events.send((run, Told::Ended(None)));
            }
        }
    };
    let is_short = environment.backend == Backend::Flex && work.iter().all(|work| *work < SHORT);
    let side_by_side = jobs.runs * if is_short { OVERLAP } else { 1 };
    let pools: Vec<rayon::ThreadPool> = (0..side_by_side.clamp(1, runs.len().max(1)))
        .map(|_| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(jobs.threads.max(1))
                .build()
        })
        .collect::<Result<_, _>>()
        .map_err(|e| Error::Environment(format!("start threads: {e}")))?;
    std::thread::scope(|scope| {
        for pool in &pools {
            let (events, worker) = (events.clone(), &worker);
            scope.spawn(move || pool.install(|| worker(events)));
        }
        drop(events);
        let mut tally = Tally {
            work: &work,
            done: vec![0.0; runs.len()],
        };
        for (run, event) in told {
            observer(tally.progress(run, event));
        }
    });
    if environment.stopped() {
        return Err(Error::Interrupted);
    }
    let mut failures = failures.into_inner().unwrap_or_else(|e| e.into_inner());
    failures.sort_by_key(|(run, _)| *run);
    Ok(failures.into_iter().map(|(_, failure)| failure).collect())
}

/// Estimated work of a run in floating-point operations.
fn work(run: &RunSpec) -> f64 {
    let tokens = run.train.steps as f64 * (run.train.batch * run.arch.context) as f64;
    tokens * run.arch.flops_per_token()
}

/// An event on its way from a worker to the caller.
enum Told {
    Started { done: f64 },
    Step { done: f64 },
    Warning(String),
    Ended(Option<Outcome>),
}

fn tell(run: usize, steps: u64, event: &Event<'_>, events: &Sender<(usize, Told)>) {
    let share = |step: u64| step as f64 / steps as f64;
    let told = match *event {
        Event::Started { step, .. } => Told::Started { done: share(step) },
        Event::Step { step, .. } => Told::Step { done: share(step) },
        Event::Warning(text) => Told::Warning(text.to_owned()),
        Event::Ended(outcome) => Told::Ended(Some(outcome)),
        _ => return,
    };
    // The caller listens until every worker is done.
    let _ = events.send((run, told));
}

/// The share of the sweep that is done.
struct Tally<'a> {
    work: &'a [f64],
    done: Vec<f64>,
}

impl Tally<'_> {
    /// An event for the caller.
    fn progress(&mut self, run: usize, told: Told) -> Progress {
        match told {
            Told::Started { done } => {
                self.done[run] = done;
                Progress::Started {
                    run,
                    share: self.share(),
                }
            }
            Told::Step { done } => {
                self.done[run] = done;
                Progress::Advanced {
                    run,
                    share: self.share(),
                }
            }
            Told::Warning(text) => Progress::Warning { run, text },
            Told::Ended(outcome) => {
                if outcome != Some(Outcome::Interrupted) {
                    self.done[run] = 1.0;
                }
                Progress::Ended {
                    run,
                    outcome,
                    share: self.share(),
                }
            }
        }
    }

    fn share(&self) -> f64 {
        let done = self
            .done
            .iter()
            .zip(self.work)
            .map(|(d, w)| d * w)
            .sum::<f64>();
        done / self.work.iter().sum::<f64>()
    }
}
