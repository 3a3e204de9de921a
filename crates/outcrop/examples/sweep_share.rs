//! How much of a sweep of tiny runs is training: `sweep_share RUNS JOBS`, in a temporary folder of this machine's disk. The
//! share is the median of turns.
//!
//! Training is the initial model, the updates and what the spec asks to measure of them. Everything else is not: specs,
//! corpora, run directories, checkpoints, waiting for the disk. The time of training is that of runs by themselves, as many side
//! by side as in the sweep, each on a thread: cores that both compute are slower than one alone.
#![expect(clippy::print_stdout, reason = "an example prints what it finds")]

use std::error::Error;
use std::time::{Duration, Instant};

use outcrop::pipeline::{Jobs, Order, Results, sweep};
use outcrop_core::StagedFolder;
use outcrop_model::Transformer;
use outcrop_train::{Environment, Event, RunSpec, train_staged};

/// Runs of a turn: their training by itself, then a sweep of them.
const TURN: usize = 100;

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
    let runs = numbers.next().unwrap_or(Ok(1000))?.max(1);
    let jobs = numbers.next().unwrap_or(Ok(2))?;
    let folder = tempfile::tempdir()?;
    let specs: Vec<RunSpec> = (0..runs).map(spec).collect::<Result<_, _>>()?;
    let environment = Environment::default();

    let environment = &environment;
    let (mut training, mut wall, mut failures) = (Duration::ZERO, Duration::ZERO, 0);
    let mut shares = Vec::new();
    // In turns, since the machine's speed changes with what else it does.
    for (round, specs) in specs.chunks(TURN).enumerate() {
        let results = |name: &str| Results::new(folder.path().join(format!("{name}-{round}")));
        let alone = side_by_side(specs, jobs, &results("alone"), environment)?;
        let threads = jobs as f64;
        let jobs = Jobs {
            runs: jobs,
            threads: 1,
            order: Order::Listed,
        };
        let from = Instant::now();
        failures += sweep(specs, &results("together"), environment, jobs, &mut |_| {})?.len();
        let together = from.elapsed();
        shares.push(alone.as_secs_f64() / (together.as_secs_f64() * threads));
        training += alone;
        wall += together;
    }
    let (training, wall) = (training.as_secs_f64(), wall.as_secs_f64());
    shares.sort_by(f64::total_cmp);
    let middle = &shares[(shares.len() - 1) / 2..=shares.len() / 2];
    let share = middle.iter().sum::<f64>() / middle.len() as f64;
    println!(
        "{runs} runs of 5 steps, {jobs} jobs: {wall:.1} s, {:.1} ms a run; training takes {:.1} ms a run, {:.0} % of it, {:.0} % \
         is outside; {failures} failed",
        1e3 * wall / runs as f64,
        1e3 * training / runs as f64,
        100.0 * share,
        100.0 * (1.0 - share),
    );
    Ok(())
}

fn spec(number: usize) -> Result<RunSpec, outcrop_train::Error> {
    let mut spec = RunSpec::from_toml(SPEC)?;
    spec.model = format!("tiny-{number:04}");
    spec.train.seed = number as u64;
    Ok(spec)
}

/// How long these runs train, `jobs` side by side, in seconds of all threads. What they wrote is on the disk in the end.
fn side_by_side(
    specs: &[RunSpec],
    jobs: usize,
    results: &Results,
    environment: &Environment,
) -> Result<Duration, Box<dyn Error>> {
    let trained: Vec<_> = std::thread::scope(|scope| {
        let parts = specs.chunks(specs.len().div_ceil(jobs).max(1));
        let train = |part| move || all_trained(part, results, environment);
        let threads: Vec<_> = parts.map(|part| scope.spawn(train(part))).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        let parts = joined.map(|part| part.map_err(|_| "a thread panicked".to_owned())?);
        parts.collect::<Result<_, String>>()
    })?;
    let (times, folders): (Vec<_>, Vec<_>) = trained.into_iter().flatten().unzip();
    let named = StagedFolder::name_all(folders.into_iter().flatten());
    named.into_iter().collect::<outcrop_core::Result<()>>()?;
    Ok(times.into_iter().sum())
}

/// How long each of these runs trains, one after another on one thread.
fn all_trained(
    specs: &[RunSpec],
    results: &Results,
    environment: &Environment,
) -> Result<Vec<Trained>, String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.map_err(|error| error.to_string())?;
    let train = |spec| pool.install(|| trained(spec, results, environment));
    let trained: outcrop_train::Result<_> = specs.iter().map(train).collect();
    trained.map_err(|error| error.to_string())
}

/// The time of a run, and its folder without its name.
type Trained = (Duration, Option<StagedFolder>);

/// How long a run trains.
fn trained(
    spec: &RunSpec,
    results: &Results,
    environment: &Environment,
) -> outcrop_train::Result<Trained> {
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
    // As in a sweep, without files that are made and removed: these slow ext4 without a journal down for minutes.
    let path = results.run(&spec.model).path().to_owned();
    let folder = StagedFolder::begin(&path, "an example")?;
    if let Some(folder) = &folder {
        train_staged(spec, folder, environment, &mut observe)?;
    }
    Ok((initial + measured, folder))
}
