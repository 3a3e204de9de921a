//! Observes a hidden state with a massive activation; times each observable on a state of 512 x 512.
//!
//! `cargo run -p outcrop-observe --example observing`
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::time::{Duration, Instant};

use outcrop_observe::{Observable, Result, Sample, Site, View, named, select};

/// Scalars that look like noise, the same everywhere.
fn noise(count: usize) -> Vec<f32> {
    let mut state = 1u64;
    let mut next = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    (0..count).map(|_| (0..12).map(|_| next()).sum()).collect()
}

/// The fastest of five.
fn fastest(one: &Observable, sample: &Sample<'_>) -> Duration {
    let time = |_| {
        let start = Instant::now();
        std::hint::black_box(one.observe(sample));
        start.elapsed()
    };
    (0..5).map(time).min().unwrap_or_default()
}

fn main() -> Result<()> {
    let mut hidden = noise(512 * 512);
    hidden[3] = 2000.0; // position 0, channel 3
    let sample = Sample::new(View::new(&hidden, 512)?);

    let norms = named("token_norms").map(|one| one.observe(&sample));
    assert!(norms.is_some_and(|found| found[2].is_ok_and(|share| share > 50.0)));
    let maxima = named("channel_maxima").map(|one| one.observe(&sample));
    assert!(maxima.is_some_and(|found| found[3] == Ok(1.0)));

    println!("milliseconds for 512 positions of 512 channels, one thread:");
    for one in select("all")? {
        if one.sites.contains(&Site::ResidualStream) {
            let time = fastest(one, &sample).as_secs_f64() * 1e3;
            println!("{:>20} {time:8.2}", one.name);
        }
    }
    Ok(())
}
