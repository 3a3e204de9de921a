use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use outcrop_core::{StagedFolder, remove_staged};
use outcrop_model::Backend;
use outcrop_train::{Environment, Event, Outcome, RunSpec, train, train_staged};

use super::Results;
use super::short::{Ended, is_short, name_folders};
use crate::{Error, Result};

/// A run of less work than this, in floating-point operations, waits for the disk as long as it computes.
const QUICK: f64 = 1e9;
/// Quick runs for each one that is to run: while some wait for the disk, others train.
const OVERLAP: usize = 8;
/// How often the updates of a run are told at most: sooner than anyone sees.
const TOLD_EVERY: Duration = Duration::from_millis(20);

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
    /// A run made updates; at most every 20 ms.
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
        /// How; where it failed why, in words that follow "failed to".
        outcome: std::result::Result<Outcome, String>,
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

/// Trains `runs`, in the order and as many in parallel as `jobs` says; `observer` gets every event on the calling
/// thread. A run that is already finished is not run again. The folders of short runs appear whole, many at a time.
///
/// # Errors
/// [`Error::Interrupted`] where the environment's stop flag was set; [`Error::Environment`] where
/// threads cannot be started; [`Error::Core`] where the folder of all runs cannot be read. A run that fails is no error but a
/// [`FailedRun`] of the result.
pub fn sweep(
    runs: &[RunSpec],
    results: &Results,
    environment: &Environment,
    jobs: Jobs,
    observer: &mut dyn FnMut(Progress),
) -> Result<Vec<FailedRun>> {
    remove_staged(&results.runs())?;
    let work: Vec<f64> = runs.iter().map(work).collect();
    let sweep = Sweep {
        runs,
        results,
        environment,
        order: jobs.order.of(&work),
        work: &work,
        next: AtomicUsize::new(0),
        failures: Mutex::default(),
    };
    let pools: Vec<rayon::ThreadPool> = (0..sweep.side_by_side(jobs.runs))
        .map(|_| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(jobs.threads.max(1))
                .build()
        })
        .collect::<Result<_, _>>()
        .map_err(|e| Error::Environment(format!("start threads: {e}")))?;
    let (events, told) = channel();
    let (ended, short) = channel();
    std::thread::scope(|scope| {
        let sweep = &sweep;
        for pool in &pools {
            let (events, ended) = (events.clone(), ended.clone());
            scope.spawn(move || pool.install(|| sweep.train_all(&events, &ended)));
        }
        drop(ended);
        scope.spawn(move || {
            name_folders(&short, |run, outcome| sweep.end(run, outcome, &events));
        });
        let mut tally = Tally {
            work: &work,
            done: vec![0.0; runs.len()],
            sum: 0.0,
            total: work.iter().sum(),
        };
        for (run, event) in told {
            observer(tally.progress(run, event));
        }
    });
    if environment.stopped() {
        return Err(Error::Interrupted);
    }
    let mut failures = sweep
        .failures
        .into_inner()
        .unwrap_or_else(|e| e.into_inner());
    failures.sort_by_key(|(run, _)| *run);
    Ok(failures.into_iter().map(|(_, failure)| failure).collect())
}

impl Order {
    /// The indices of runs of so much work, the first to begin first.
    fn of(self, work: &[f64]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..work.len()).collect();
        match self {
            Self::Longest => order.sort_by(|&a, &b| work[b].total_cmp(&work[a])),
            Self::Listed => {}
        }
        order
    }
}

/// A sweep under way.
struct Sweep<'a> {
    runs: &'a [RunSpec],
    results: &'a Results,
    environment: &'a Environment,
    order: Vec<usize>,
    work: &'a [f64],
    /// The place in the order of the next run to begin.
    next: AtomicUsize,
    failures: Mutex<Vec<(usize, FailedRun)>>,
}

type Events = Sender<(usize, Told)>;

impl Sweep<'_> {
    /// How many runs are under way, where `runs` are to compute side by side.
    fn side_by_side(&self, runs: usize) -> usize {
        let is_quick =
            self.environment.backend == Backend::Flex && self.work.iter().all(|work| *work < QUICK);
        let waits = (0..self.runs.len()).any(|run| !self.is_short(run));
        let overlap = if is_quick && waits { OVERLAP } else { 1 };
        (runs * overlap).clamp(1, self.runs.len().max(1))
    }

    fn is_short(&self, run: usize) -> bool {
        is_short(&self.runs[run], self.work[run], self.environment)
    }

    /// Trains one run after another until none is left; short ones go on to `ended`.
    fn train_all(&self, events: &Events, ended: &Sender<Ended>) {
        while let Some(&run) = self.order.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            if self.environment.stopped() {
                break;
            }
            match self.train(run, events) {
                Ok((outcome, None)) => self.end(run, outcome, events),
                Ok((outcome, Some(folder))) => {
                    let whole = Ended {
                        run,
                        folder,
                        outcome,
                    };
                    // Whoever names folders listens until every worker is done.
                    let _ = ended.send(whole);
                }
                Err(error) => self.end(run, Err(error), events),
            }
        }
    }

    /// Trains a run, in a folder that is to be named later where it is short.
    fn train(
        &self,
        run: usize,
        events: &Events,
    ) -> outcrop_train::Result<(outcrop_train::Result<Outcome>, Option<StagedFolder>)> {
        let (spec, environment) = (&self.runs[run], self.environment);
        let path = self.results.run(&spec.model).path().to_owned();
        let mut told = Instant::now();
        let mut tell = |event: &Event<'_>| {
            if !matches!(event, Event::Step { .. }) || told.elapsed() >= TOLD_EVERY {
                told = Instant::now();
                tell(run, spec.train.steps, event, events);
            }
        };
        let folder = match self.is_short(run) {
            true => StagedFolder::begin(&path, &environment.holder)?,
            false => None,
        };
        let outcome = match &folder {
            Some(folder) => train_staged(spec, folder, environment, &mut tell),
            None => train(spec, &path, environment, &mut tell),
        };
        Ok((outcome, folder))
    }

    /// Takes in how a run ended.
    fn end(&self, run: usize, outcome: outcrop_train::Result<Outcome>, events: &Events) {
        let told = match outcome {
            Ok(outcome) => Ok(outcome),
            Err(error) => {
                let why = error.to_string();
                let model = self.runs[run].model.clone();
                let mut failures = self.failures.lock().unwrap_or_else(|e| e.into_inner());
                failures.push((run, FailedRun { model, error }));
                Err(why)
            }
        };
        // The caller listens until every worker is done.
        let _ = events.send((run, Told::Ended(told)));
    }
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
    Ended(std::result::Result<Outcome, String>),
}

fn tell(run: usize, steps: u64, event: &Event<'_>, events: &Events) {
    let share = |step: u64| step as f64 / steps as f64;
    let told = match *event {
        Event::Started { step, .. } => Told::Started { done: share(step) },
        Event::Step { step, .. } => Told::Step { done: share(step) },
        Event::Warning(text) => Told::Warning(text.to_owned()),
        _ => return,
    };
    // The caller listens until every worker is done.
    let _ = events.send((run, told));
}

/// The share of the sweep that is done.
struct Tally<'a> {
    work: &'a [f64],
    /// The share of each run, 0 to 1.
    done: Vec<f64>,
    /// The work that is done, and all of it.
    sum: f64,
    total: f64,
}

impl Tally<'_> {
    /// An event for the caller.
    fn progress(&mut self, run: usize, told: Told) -> Progress {
        match told {
            Told::Started { done } => {
                self.set(run, done);
                Progress::Started {
                    run,
                    share: self.share(),
                }
            }
            Told::Step { done } => {
                self.set(run, done);
                Progress::Advanced {
                    run,
                    share: self.share(),
                }
            }
            Told::Warning(text) => Progress::Warning { run, text },
            Told::Ended(outcome) => {
                if outcome != Ok(Outcome::Interrupted) {
                    self.set(run, 1.0);
                }
                Progress::Ended {
                    run,
                    outcome,
                    share: self.share(),
                }
            }
        }
    }

    fn set(&mut self, run: usize, done: f64) {
        self.sum += (done - self.done[run]) * self.work[run];
        self.done[run] = done;
    }

    fn share(&self) -> f64 {
        (self.sum / self.total).clamp(0.0, 1.0)
    }
}
