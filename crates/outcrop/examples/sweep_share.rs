//! How much of a sweep of tiny runs is training: `sweep_share RUNS JOBS`, in a temporary folder of this machine's disk.
//!
//! Training is the initial model, the updates and what the spec asks to measure of them. Everything else is not: specs,
//! corpora, run directories, checkpoints, waiting for the disk. The time of training is that of runs by themselves, as many side
//! by side as in the sweep, each on a thread: cores that both compute are slower than one alone.
#![expect(clippy::print_stdout, reason = "an example prints what it finds")]

use std::error::Error;
use std::time::{Duration, Instant};

use outcrop::pipeline::{Jobs, Order, Results, sweep};
use outcrop_model::Transformer;
use outcrop_train::{Environment, Event, RunSpec, train};

/// Runs of which the time of training is measured.
const ALONE: usize = 100;

const SPEC: &str = "model = 'tiny'
[arch]
layers = 2
d_model = 32
heads = 2
context = 32
[train]
steps = 5
batch = 8
warmup = 1
[schedule]
measure = '0,every:5'
save = 'last'
";

fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let runs = numbers.next().unwrap_or(Ok(1000))?;
    let jobs = numbers.next().unwrap_or(Ok(2))?;
    let folder = tempfile::tempdir()?;
    let specs: Vec<RunSpec> = (0..runs).map(spec).collect::<Result<_, _>>()?;
    let environment = Environment::default();

    let alone = Results::new(folder.path().join("alone"));
    let few = &specs[..ALONE.min(runs)];
    let training = std::thread::scope(|scope| {
        let parts = few.chunks(few.len().div_ceil(jobs).max(1));
        let (alone, environment) = (&alone, &environment);
        let train = |part| move || all_trained(part, alone, environment);
        let threads: Vec<_> = parts.map(|part| scope.spawn(train(part))).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .map(|trained| trained.map_err(|_| "a thread panicked".to_owned())?)
            .sum::<Result<Duration, String>>()
    })?;
    let each = training.as_secs_f64() / few.len() as f64;

    let together = Results::new(folder.path().join("together"));
    let jobs = Jobs {
        runs: jobs,
        threads: 1,
        order: Order::Listed,
    };
    let from = Instant::now();
    let failures = sweep(&specs, &together, &environment, jobs, &mut |_| {})?;
    let wall = from.elapsed().as_secs_f64();
    let share = each * runs as f64 / (wall * jobs.runs as f64);
    println!(
        "{runs} runs of 5 steps, {} jobs: {wall:.1} s, {:.1} ms a run; training takes {:.1} ms a run, {:.0} % of it, {:.0} % \
         is outside; {} failed",
        jobs.runs,
        1e3 * wall / runs as f64,
        1e3 * each,
        100.0 * share,
        100.0 * (1.0 - share),
        failures.len()
    );
    Ok(())
}

fn spec(number: usize) -> Result<RunSpec, outcrop_train::Error> {
    let mut spec = RunSpec::from_toml(SPEC)?;
    spec.model = format!("tiny-{number:04}");
    spec.train.seed = number as u64;
    Ok(spec)
}

/// How long these runs train, one after another on one thread.
fn all_trained(
    specs: &[RunSpec],
    results: &Results,
    environment: &Environment,
) -> Result<Duration, String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.map_err(|error| error.to_string())?;
    let trained = specs
        .iter()
        .map(|spec| pool.install(|| trained(spec, results, environment)));
    trained
        .sum::<outcrop_train::Result<Duration>>()
        .map_err(|error| error.to_string())
}

/// How long a run trains.
fn trained(
    spec: &RunSpec,
    results: &Results,
    environment: &Environment,
) -> outcrop_train::Result<Duration> {
    let from = Instant::now();
    let device = environment.backend.device()?.autodiff();
    Transformer::new(&spec.arch, spec.train.seed, &device)?;
    let initial = from.elapsed();
    let (mut started, mut measured) = (Instant::now(), Duration::ZERO);
    let mut observe = |event: &Event<'_>| match event {
        Event::Started { .. } => started = Instant::now(),
        Event::Measured { .. } => measured = started.elapsed(),
        _ => {}
    };
    train(
        spec,
        results.run(&spec.model).path(),
        environment,
        &mut observe,
    )?;
    Ok(initial + measured)
}
