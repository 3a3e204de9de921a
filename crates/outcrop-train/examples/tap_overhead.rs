//! What measuring costs: the embedded default run of `outcrop train`, measured at its schedule and
//! measured only once, alternately. `cargo run -p outcrop-train --example tap_overhead [ROUNDS]`.
#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]

use std::time::Instant;

use outcrop_train::{Environment, Outcome, RunSpec, train};

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
    learning_rate = 1e-2";

/// Seconds of one run with this measuring schedule.
fn seconds(measure: &str) -> Result<f64, Box<dyn std::error::Error>> {
    let mut spec = RunSpec::from_toml(SPEC)?;
    spec.schedule.measure = measure.into();
    let dir = tempfile::tempdir()?;
    let clock = Instant::now();
    let outcome = train(&spec, dir.path(), &Environment::default(), &mut ())?;
    assert_eq!(outcome, Outcome::Finished);
    Ok(clock.elapsed().as_secs_f64())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds: usize = std::env::args().nth(1).map_or(Ok(3), |n| n.parse())?;
    seconds("last")?; // warm-up
    let (mut ratios, mut least) = (Vec::with_capacity(rounds), [f64::INFINITY; 2]);
    for round in 1..=rounds {
        let (without, with) = (seconds("last")?, seconds("0,geometric:1..last*40")?);
        ratios.push(with / without);
        least = [least[0].min(without), least[1].min(with)];
        println!(
            "round {round}: {without:.2} s measured once, {with:.2} s at the schedule, ratio {:.4}",
            with / without
        );
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "ratio: median {:.4}, of the fastest rounds {:.4}",
        ratios[ratios.len() / 2],
        least[1] / least[0]
    );
    Ok(())
}
