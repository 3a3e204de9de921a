//! The ratio of the largest to the median magnitude after every block of a published checkpoint:
//! `cargo run -p outcrop-forward --example measure -- FOLDER [TOKENS [SEQUENCES]]`
//!
//! The tokens are drawn evenly from the vocabulary by a fixed rule. Without a folder it measures the
//! tiny checkpoint of the tests.
#![expect(clippy::print_stdout, reason = "an example that shows its numbers")]

use std::time::Instant;

use outcrop_forward::{Published, forward};
use outcrop_measure::Meter;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let tiny = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/neox-parallel");
    let folder = arguments.next().unwrap_or_else(|| tiny.into());
    let tokens: usize = arguments.next().map_or(Ok(16), |a| a.parse())?;
    let sequences: usize = arguments.next().map_or(Ok(1), |a| a.parse())?;
    let model = Published::open(folder.as_ref())?;
    let arch = model.arch();
    let token = |i: usize| ((i * 2_654_435_761) >> 7) % arch.vocab;
    let drawn = |s: usize| (0..tokens).map(|i| token(s * tokens + i) as u32).collect();
    let ids: Vec<Vec<u32>> = (0..sequences).map(drawn).collect();
    let (mut meter, start) = (Meter::new(), Instant::now());
    let mut found = Vec::new();
    forward(
        &model,
        &ids,
        &mut |layer: usize, sequence: usize, hidden: &mut [f32]| {
            found.push((layer, sequence, meter.measure(hidden, arch.d_model)));
        },
    )?;
    let seconds = start.elapsed().as_secs_f64();
    for (layer, sequence, stats) in found {
        let ratio = stats?.ratio().unwrap_or(f64::NAN);
        assert!(ratio >= 1.0);
        println!("layer {layer} sequence {sequence} ratio {ratio:.3}");
    }
    println!(
        "{seconds:.2} s, {:.0} tokens/s",
        (tokens * sequences) as f64 / seconds
    );
    Ok(())
}
