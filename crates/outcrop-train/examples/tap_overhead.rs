//! What measuring costs while training: the embedded default run of `outcrop train`, with the time
//! between the end of an update and the end of the measuring that follows it summed up. Comparing
//! whole runs says less: two runs of the same spec differ by more. `cargo run -p outcrop-train
//! --example tap_overhead [RUNS]`.
#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]

use std::time::{Duration, Instant};

use outcrop_train::{Environment, Event, Observer, Outcome, RunSpec, train};

const SPEC: &str = "
    model = 'default'
    [arch]
    layers = 3
    d_model = 64
    heads = 1
    context = 32
    residual = 'sequential'
    position = { kind = 'learned' }
    activation = 'relu'
    init = { kind = 'normal', std = 0.02 }
    [train]
    steps = 600
    batch = 32
    learning_rate = 1e-2
    warmup = 100
    [schedule]
    measure = '0,geometric:1..last*40'";

/// Adds up the time from an update, or the start, to the end of the measuring that follows it.
struct Clock {
    started: Instant,
    last: Instant,
    measuring: Duration,
    measured: u32,
}

impl Observer for Clock {
    fn event(&mut self, event: &Event<'_>) {
        let now = Instant::now();
        match event {
            Event::Started { .. } => self.started = now,
            Event::Measured { .. } => {
                self.measuring += now - self.last;
                self.measured += 1;
            }
            _ => {}
        }
        self.last = now;
    }
}

/// Prints one run, and returns its time over what it takes without measuring.
fn overhead(spec: &RunSpec) -> Result<f64, Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let now = Instant::now();
    let mut clock = Clock {
        started: now,
        last: now,
        measuring: Duration::ZERO,
        measured: 0,
    };
    let outcome = train(spec, dir.path(), &Environment::default(), &mut clock)?;
    assert_eq!(outcome, Outcome::Finished);
    let all = clock.started.elapsed();
    let ratio = all.as_secs_f64() / (all - clock.measuring).as_secs_f64();
    println!(
        "{} steps in {:.2} s, {} times measured in {:.3} s: ratio {ratio:.4}",
        spec.train.steps,
        all.as_secs_f64(),
        clock.measured,
        clock.measuring.as_secs_f64()
    );
    Ok(ratio)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runs: usize = std::env::args().nth(1).map_or(Ok(3), |n| n.parse())?;
    let spec = RunSpec::from_toml(SPEC)?;
    let ratios: Result<Vec<f64>, _> = (0..runs.max(1)).map(|_| overhead(&spec)).collect();
    let mut ratios = ratios?;
    ratios.sort_by(f64::total_cmp);
    println!("median ratio {:.4}", ratios[ratios.len() / 2]);
    Ok(())
}
