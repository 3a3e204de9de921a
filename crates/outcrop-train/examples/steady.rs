//! Whether memory grows over a long run: the training loop with a small model (d_model 32, two layers, 32
//! positions, four sequences), measured at ten steps. Prints `resident` memory in KiB at steps 500, 1000 ...
//! 5000, and `seconds`. `cargo run -p outcrop-train --example steady`, a part of `cargo xtask bench growth`.
#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]

use std::time::Instant;

use outcrop_train::{Environment, Event, Outcome, RunSpec, train};

/// That of the command `outcrop`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SPEC: &str = "
    model = 'steady'
    [arch]
    layers = 2
    d_model = 32
    heads = 2
    context = 32
    [data]
    corpus = 'bigram-backcopy'
    [train]
    steps = 5000
    batch = 4
    learning_rate = 1e-3
    warmup = 100
    [schedule]
    measure = '0,every:500'";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let spec = RunSpec::from_toml(SPEC)?;
    let dir = tempfile::tempdir()?;
    let mut resident = Vec::new();
    let mut listen = |event: &Event<'_>| {
        if let Event::Step { step, .. } = event
            && step.is_multiple_of(500)
        {
            resident.push(memory());
        }
    };
    let started = Instant::now();
    let outcome = train(&spec, dir.path(), &Environment::default(), &mut listen)?;
    assert_eq!(outcome, Outcome::Finished);
    let seconds = started.elapsed().as_secs_f64();
    print!("resident");
    resident.iter().for_each(|kib| print!(" {kib}"));
    println!("\nseconds {seconds}");
    Ok(())
}

/// The memory that this process has, in KiB; 0 where /proc does not tell.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|n| n.parse().ok()).unwrap_or(0)
}
