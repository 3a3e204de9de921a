//! Tokens a second of training with the operations of our own and with those composed of Burn's,
//! alternating in one process, on one and on two threads. `cargo run -p outcrop-train --example
//! fused_speed [ROUNDS [SECONDS]]`.
#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]

use std::time::{Duration, Instant};

use outcrop_arch::ArchSpec;
use outcrop_model::{Backend, NoTap, Transformer, ids};
use outcrop_train::{Optimizer, TrainSpec};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// d_model, layers, heads, positions, sequences, vocabulary.
const SHAPES: [[usize; 6]; 2] = [[64, 3, 2, 64, 16, 66], [128, 4, 4, 128, 16, 512]];

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<u64>());
    let rounds = arguments.next().transpose()?.unwrap_or(5);
    let seconds = Duration::from_secs(arguments.next().transpose()?.unwrap_or(2));
    for shape in SHAPES {
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build()?;
            let speeds = pool.install(|| compare(shape, rounds, seconds))?;
            let [fused, composed] = speeds.map(median);
            println!(
                "{shape:?}, threads {threads}: fused {fused:.0} tokens/s, composed {composed:.0}, {:.2} times",
                fused / composed
            );
        }
    }
    Ok(())
}

/// Tokens a second of each round, fused and composed.
fn compare(shape: [usize; 6], rounds: u64, time: Duration) -> Result<[Vec<f64>; 2]> {
    let [d_model, layers, heads, context, batch, vocab] = shape;
    let mut spec = ArchSpec::new(layers, d_model, heads);
    (spec.context, spec.vocab) = (context, vocab);
    let device = Backend::Flex.device()?.autodiff();
    let model = Transformer::new(&spec, 1, &device)?;
    let optimizer = TrainSpec::default().new_optimizer();
    let mut runs = [
        Some((model.clone(), optimizer.clone())),
        Some((model.composed(), optimizer)),
    ];
    let mut speeds = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (run, speeds) in runs.iter_mut().zip(&mut speeds) {
            let (started, mut steps) = (Instant::now(), 0);
            while started.elapsed() < time {
                if let Some((model, mut optimizer)) = run.take() {
                    let model = update(model, &mut optimizer, batch, steps)?;
                    *run = Some((model, optimizer));
                }
                steps += 1;
            }
            let tokens = steps as f64 * (batch * context) as f64;
            speeds.push(tokens / started.elapsed().as_secs_f64());
        }
    }
    Ok(speeds)
}

fn update(
    model: Transformer,
    optimizer: &mut Optimizer,
    batch: usize,
    step: u64,
) -> Result<Transformer> {
    let spec = model.spec();
    let shape = [batch, spec.context];
    let count = (batch * spec.context + 1) as u64;
    let tokens = (0..count).map(|i| ((i * i + step * 31) % spec.vocab as u64) as u32);
    let tokens: Vec<u32> = tokens.collect();
    let x = ids(&tokens[..tokens.len() - 1], shape, model.device());
    let y = ids(&tokens[1..], shape, model.device());
    let gradients = model.loss(x, y, &mut NoTap).backward();
    Ok(optimizer.step(model, gradients, 1e-3)?.0)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
