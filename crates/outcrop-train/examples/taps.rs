//! What taps cost: forward passes (without autodiff, with the loss, as a measurement makes them) with no
//! tap, with one that does nothing and with the standard one, which measures top 3 and lower median, in
//! turns in one process; and of the standard one the time that threads spend measuring, over their number,
//! beside that of a layer.
//! `cargo xtask bench taps`, or `cargo run -p outcrop-train --example taps [SECONDS a shape [THREADS]]`.
#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use burn::tensor::{Int, Tensor};
use outcrop_arch::ArchSpec;
use outcrop_model::{
    Backend, HiddenSequences, NoTap, StatsTap, Tap, TapPoint, TapSequences, Transformer, ids,
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// That of the command `outcrop`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// d_model, positions, sequences.
const SHAPES: [[usize; 3]; 4] = [[64, 64, 16], [128, 128, 16], [256, 256, 8], [512, 512, 4]];
const LAYERS: usize = 4;
const VOCAB: usize = 66;

/// The standard tap, or one that does nothing, with a clock.
#[derive(Default)]
struct Clock {
    stats: Option<StatsTap>,
    /// When each block began.
    begun: Vec<Instant>,
    /// Nanoseconds that threads have spent measuring.
    inside: AtomicU64,
}

impl Tap for Clock {
    fn wants(&self, point: TapPoint) -> bool {
        point == TapPoint::ResidPre
    }

    fn tap(&mut self, _: usize, _: TapPoint, _: &Tensor<3>) {
        self.begun.push(Instant::now());
    }

    fn sequences(&mut self, layer: usize) -> Option<&dyn TapSequences> {
        if let Some(stats) = &mut self.stats {
            stats.sequences(layer)?;
        }
        Some(self)
    }
}

impl TapSequences for Clock {
    fn tap_sequences(&self, sequences: HiddenSequences<'_>) {
        if let Some(stats) = &self.stats {
            let begun = Instant::now();
            stats.tap_sequences(sequences);
            let nanoseconds = begun.elapsed().as_nanos() as u64;
            self.inside.fetch_add(nanoseconds, Ordering::Relaxed);
        }
    }
}

impl Clock {
    /// Seconds of a layer: all but the last, whose end nobody shows.
    fn layers(&self) -> impl Iterator<Item = f64> {
        let pairs = self.begun.windows(2);
        pairs.map(|pair| (pair[1] - pair[0]).as_secs_f64())
    }
}

/// What is measured, in the order of [`Times`].
const NAMES: [&str; 6] = ["none", "empty", "standard", "layer", "added", "inside"];

/// Seconds of passes with no tap, an empty one, the standard one; of a layer with an empty one; what the pass with
/// the standard one takes longer than the pass with an empty one before it, a layer; and of a thread measuring
/// in a layer.
type Times = [Vec<f64>; NAMES.len()];

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let seconds: f64 = arguments.next().map_or(Ok(4.0), |a| a.parse())?;
    let threads: usize = arguments.next().map_or(Ok(1), |a| a.parse())?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build()?.install(|| {
        for shape in SHAPES {
            print(shape, times(shape, seconds, threads)?, threads);
        }
        Ok(())
    })
}

fn times([d_model, context, sequences]: [usize; 3], seconds: f64, threads: usize) -> Result<Times> {
    let mut spec = ArchSpec::new(LAYERS, d_model, d_model / 32);
    (spec.context, spec.vocab) = (context, VOCAB);
    let model = Transformer::new(&spec, 1, &Backend::Flex.device()?)?;
    let count = sequences * context;
    let tokens = (0..=count).map(|i| ((i * i * 7 + i) % VOCAB) as u32);
    let tokens: Vec<u32> = tokens.collect();
    let tensor = |first: usize| {
        let tokens = &tokens[first..first + count];
        ids(tokens, [sequences, context], model.device())
    };
    let (x, y) = (tensor(0), tensor(1));
    let mut times = Times::default();
    let started = Instant::now();
    while started.elapsed().as_secs_f64() < seconds || times[0].len() < 3 {
        times[0].push(pass(&model, &x, &y, &mut NoTap)?);
        let mut clock = Clock::default();
        let empty = pass(&model, &x, &y, &mut clock)?;
        times[1].push(empty);
        times[3].extend(clock.layers());
        let stats = Some(StatsTap::new());
        let mut clock = Clock {
            stats,
            ..Clock::default()
        };
        let standard = pass(&model, &x, &y, &mut clock)?;
        times[2].push(standard);
        times[4].push((standard - empty) / LAYERS as f64);
        let inside = clock.inside.into_inner() as f64 * 1e-9;
        times[5].push(inside / (LAYERS * threads) as f64);
        clock.stats.map(StatsTap::into_stats).transpose()?;
    }
    Ok(times)
}

/// The seconds of one pass.
fn pass(
    model: &Transformer,
    x: &Tensor<2, Int>,
    y: &Tensor<2, Int>,
    tap: &mut impl Tap,
) -> Result<f64> {
    let started = Instant::now();
    let loss = model.loss(x.clone(), y.clone(), tap);
    let loss: f32 = loss.try_into_scalar().map_err(|e| format!("{e:?}"))?;
    std::hint::black_box(loss);
    Ok(started.elapsed().as_secs_f64())
}

/// Lines of a name and numbers: the median and the least, in microseconds.
fn print([d_model, context, sequences]: [usize; 3], times: Times, threads: usize) {
    println!("shape {d_model} {context} {sequences}");
    let scalars = (d_model * context * sequences / threads) as f64;
    for (name, mut times) in NAMES.iter().zip(times) {
        times.sort_by(f64::total_cmp);
        let [median, least] = [times.len() / 2, 0].map(|i| times[i] * 1e6);
        println!("{name} {median} {least}");
        if *name == "inside" {
            println!(
                "scalar {} {}",
                median * 1e3 / scalars,
                least * 1e3 / scalars
            );
        }
    }
}
