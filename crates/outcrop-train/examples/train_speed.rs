//! Our side of `cargo xtask bench train` and of `cargo xtask bench step`: the update of the training loop,
//! on generated tokens, for some seconds: `cargo run -p outcrop-train --example train_speed --
//! LAYERS D_MODEL HEADS CONTEXT BATCH VOCAB SECONDS [WEIGHTS [PARTS [OPTIMIZER [KEYS [BACKEND]]]]]`, each update in PARTS parts (1);
//! WEIGHTS may be empty; KEYS are lines of TOML, more keys of the architecture, such as `attention = "softpick"`; BACKEND is
//! `flex` or one that is compiled in. What Muon costs beside the rest of an update: `6 256 8 256 8 2048 10 "" 1 muon`, the line
//! `optimizer` as a share of `data`, `forward`, `backward` and `optimizer`.
//!
//! Prints what `benches/pytorch/train.py` prints: the `losses` of the first updates, `tokens` a second, those of
//! the `fastest` update, and `peak` memory in KiB (0 where /proc does not tell); and the seconds that each part of an update takes,
//! and a measurement of ten sequences; what drawing a batch takes from generated and from text corpora; and
//! `product`, GFLOP/s of the first product of an MLP alone on our side. The weights it starts from go to the file WEIGHTS. `RAYON_NUM_THREADS`
//! says on how many threads.
#![expect(clippy::print_stdout, reason = "an example that shows its numbers")]

use std::path::Path;
use std::time::{Duration, Instant};

use outcrop_arch::ArchSpec;
use outcrop_gemm::{LeftMatrix, Onto, Packed, multiply};
use outcrop_model::{Backend, NoTap, StatsTap, Transformer, ids};
use outcrop_train::data::{Corpus, CorpusOptions, CorpusSpec};
use outcrop_train::{GradientSum, Optimizer, OptimizerKind, TrainSpec};

/// That of the command `outcrop`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Updates before the clock starts.
const WARM_UP: usize = 3;
/// Updates whose losses are printed.
const LOSSES: usize = 5;
/// Batches that are learned from in turn.
const BATCHES: usize = 16;
/// The parts of an update.
const PARTS: [&str; 4] = ["data", "forward", "backward", "optimizer"];

/// The corpora from which drawing is timed: a name, the corpus, its tokenizer.
const CORPORA: [(&str, &str, &str); 2] = [
    ("draw-bigrams", "bigram-backcopy", "bytes"),
    ("draw-text", "text", "bytes"),
];

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Inputs and targets, row by row.
type Batch = (Vec<u32>, Vec<u32>);

/// A model that learns, and how long that takes.
struct TimedTraining {
    model: Transformer,
    optimizer: Optimizer,
    rows: usize,
    /// In which an update goes through the model.
    accumulate: usize,
    losses: Vec<f32>,
    last: Instant,
    parts: [Duration; PARTS.len()],
}

impl TimedTraining {
    fn lap(&mut self, part: usize) {
        self.parts[part] += self.last.elapsed();
        self.last = Instant::now();
    }

    /// One update.
    fn update(mut self, (inputs, targets): &Batch, rate: f64) -> Result<Self, Error> {
        let mut sum = GradientSum::default();
        let mut mean = 0.0;
        let part = inputs.len() / self.accumulate;
        for (inputs, targets) in inputs.chunks(part).zip(targets.chunks(part)) {
            let shape = [self.rows / self.accumulate, self.model.spec().context];
            let x = ids(inputs, shape, self.model.device());
            let y = ids(targets, shape, self.model.device());
            self.lap(0);
            let loss = self.model.loss(x, y, &mut NoTap);
            self.lap(1);
            self.model = sum.add(self.model, loss.backward())?;
            let loss: f32 = loss
                .inner()
                .try_into_scalar()
                .map_err(|e| format!("{e:?}"))?;
            mean += loss / self.accumulate as f32;
            self.lap(2);
        }
        let (model, _) = self.optimizer.step_with(self.model, sum, rate)?;
        self.model = model;
        self.lap(3);
        self.losses.push(mean);
        Ok(self)
    }

    /// The seconds of a measurement of ten sequences.
    fn measure(&self, (inputs, targets): &Batch) -> Result<f64, Error> {
        let start = Instant::now();
        let model = self.model.valid();
        let context = model.spec().context;
        let shape = [self.rows.min(10), context];
        let tensor = |tokens: &[u32]| ids(&tokens[..shape[0] * context], shape, model.device());
        let mut tap = StatsTap::new();
        let loss = model.loss(tensor(inputs), tensor(targets), &mut tap);
        let _: f32 = loss.try_into_scalar().map_err(|e| format!("{e:?}"))?;
        tap.into_stats()?;
        Ok(start.elapsed().as_secs_f64())
    }
}

fn main() -> Result<(), Error> {
    if std::env::var_os("OUTCROP_AMX").is_some_and(|value| value == "0") {
        outcrop_gemm::ProductKernel::avoid_tiles();
    }
    // on a thread of the pool, as the training loop
    rayon::scope(|_| bench())
}

fn bench() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, default| arguments.get(i).map_or(Ok(default), |a| a.parse());
    let rows = number(4, 16)?;
    let arch: ArchSpec = toml::from_str(&format!(
        "layers = {}\nd_model = {}\nheads = {}\ncontext = {}\nvocab = {}\n{}",
        number(0, 3)?,
        number(1, 64)?,
        number(2, 2)?,
        number(3, 64)?,
        number(5, 66)?,
        arguments.get(10).map_or("", String::as_str)
    ))?;
    let seconds: f64 = arguments.get(6).map_or(Ok(1.0), |a| a.parse())?;
    let backend = arguments.get(11).map_or(Ok(Backend::Flex), |a| a.parse())?;
    let device = backend.device()?.autodiff();
    let optimizer = arguments
        .get(9)
        .map_or(Ok(OptimizerKind::default()), |word| {
            OptimizerKind::named(word).ok_or_else(|| format!("no optimiser `{word}`"))
        })?;
    let spec = TrainSpec {
        optimizer,
        ..TrainSpec::default()
    };
    let mut run = TimedTraining {
        model: Transformer::new(&arch, spec.seed, &device)?,
        optimizer: spec.new_optimizer(),
        rows,
        accumulate: number(8, 1)?,
        losses: Vec::new(),
        last: Instant::now(),
        parts: [Duration::ZERO; PARTS.len()],
    };
    if let Some(path) = arguments.get(7).filter(|path| !path.is_empty()) {
        run.model.save(Path::new(path))?;
    }
    let batches = batches(&arch, rows);
    let mut start = Instant::now();
    let (mut updates, mut fastest) = (0, f64::INFINITY);
    while updates < LOSSES || start.elapsed().as_secs_f64() < seconds {
        if updates == WARM_UP {
            start = Instant::now();
            (run.last, run.parts) = (start, [Duration::ZERO; PARTS.len()]);
        }
        let before = run.last;
        run = run.update(&batches[updates % BATCHES], spec.learning_rate)?;
        fastest = fastest.min((run.last - before).as_secs_f64());
        updates += 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    let (timed, tokens) = ((updates - WARM_UP) as f64, (rows * arch.context) as f64);
    print!("losses");
    run.losses.iter().take(LOSSES).for_each(|l| print!(" {l}"));
    println!("\ntokens {}", timed * tokens / seconds);
    println!("fastest {}\npeak {}", tokens / fastest, peak());
    for (name, part) in PARTS.iter().zip(run.parts) {
        println!("{name} {}", part.as_secs_f64() / timed);
    }
    println!("measurement {}", run.measure(&batches[0])?);
    for (name, corpus, tokenizer) in CORPORA {
        println!("{name} {}", draw(corpus, tokenizer, &arch, rows)?);
    }
    println!("product {}", product(&arch, rows));
    Ok(())
}

/// The seconds that drawing a batch takes, as the training loop draws them: the median of many.
fn draw(corpus: &str, tokenizer: &str, arch: &ArchSpec, rows: usize) -> Result<f64, Error> {
    let text = tempfile::NamedTempFile::new()?;
    std::fs::write(
        text.path(),
        "What is read here is of no account. ".repeat(30_000),
    )?;
    let corpus = match corpus {
        "text" => CorpusSpec::Text(text.path().to_owned()),
        corpus => corpus.parse()?,
    };
    let options = CorpusOptions {
        context: arch.context,
        ..CorpusOptions::default()
    };
    let corpus = Corpus::open(&corpus, &tokenizer.parse()?, &options)?;
    let mut times: Vec<f64> = (0..100)
        .map(|step| {
            let start = Instant::now();
            std::hint::black_box(corpus.batch(step, rows)?);
            Ok(start.elapsed().as_secs_f64())
        })
        .collect::<Result<_, Error>>()?;
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// GFLOP/s of the products of an MLP alone on our side, at their best.
fn product(arch: &ArchSpec, rows: usize) -> f64 {
    let [m, k, n] = [rows * arch.context, arch.d_model, arch.d_ff];
    // as long as those of weights, since shorter ones are multiplied faster
    let number = |i: usize| (i % 1021) as f32 / 1021.0;
    let x: Vec<f32> = (0..m * k).map(number).collect();
    let weight: Vec<f32> = (0..k * n).map(number).collect();
    let (weight, mut y) = (Packed::new(&weight, k, n), vec![0.0; m * n]);
    let (mut fastest, started) = (f64::INFINITY, Instant::now());
    while started.elapsed() < Duration::from_millis(300) {
        let start = Instant::now();
        multiply(LeftMatrix::new(&x, k), &weight, &mut y, n, Onto::ZERO);
        fastest = fastest.min(start.elapsed().as_secs_f64());
    }
    2.0 * (m * k * n) as f64 / fastest / 1e9
}

/// Tokens that are easy to make in any language; small ones are the most frequent, so that there is
/// something to learn.
fn batches(arch: &ArchSpec, rows: usize) -> Vec<Batch> {
    let token = |i: usize| {
        let uniform = (((i * 2_654_435_761) >> 7) % 65536) as f64 / 65536.0;
        (uniform * uniform * arch.vocab as f64) as u32
    };
    let size = rows * arch.context;
    let drawn = |first: usize| (first..first + size).map(token).collect();
    let batch = |i| (drawn(i * size), drawn(i * size + 1));
    (0..BATCHES).map(batch).collect()
}

/// The largest memory that this process had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|n| n.parse().ok()).unwrap_or(0)
}
