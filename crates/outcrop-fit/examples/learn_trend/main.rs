//! Learns again what forecasts in schedule time take from other runs, from half of the architectures of `data/atlas2`:
//! the numbers in `src/options/trend.rs`.
//!
//! ```sh
//! cargo run -p outcrop-fit --example learn_trend
//! ```
#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use outcrop_fit::learn_trend;

mod atlas2;

fn main() -> Result<(), outcrop_fit::Error> {
    let ([first, second], options) = atlas2::halves();
    println!(
        "{} layers to learn from, {} kept",
        first.len(),
        second.len()
    );
    println!("{:#?}", learn_trend(&first, &options)?);
    Ok(())
}
