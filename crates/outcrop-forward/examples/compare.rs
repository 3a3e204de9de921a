//! Our side of `cargo xtask bench measure`: top 3 and median of |h| after every block, and where the time
//! goes: `cargo run -p outcrop-forward --example compare -- MODEL TOKENS SEQUENCES`, where MODEL is a folder with
//! `config.json` or a GGUF file.
//!
//! Prints what `benches/pytorch/measure.py` prints, of the same tokens: a line for every layer and
//! sequence, `layer sequence top1 position channel top2 .. top3 .. median`, then `seconds`, `peak` memory
//! in KiB (0 where /proc does not tell) and the seconds of three parts of the work.
#![expect(clippy::print_stdout, reason = "an example that shows its numbers")]

use std::path::Path;
use std::time::{Duration, Instant};

use outcrop_arch::HuggingFace;
use outcrop_checkpoint::config_text;
use outcrop_core::LayerStats;
use outcrop_forward::{AttentionWeights, Hook, Published, forward};
use outcrop_measure::Meter;

/// Measures, and notes when it is called.
struct Watch {
    d_model: usize,
    meter: Meter,
    found: Vec<(usize, usize, Result<LayerStats, outcrop_measure::Error>)>,
    last: Instant,
    /// Reading weights, norms, queries, keys and values; attention and MLP; statistics.
    parts: [Duration; 3],
}

impl Watch {
    fn lap(&mut self, part: usize) {
        self.parts[part] += self.last.elapsed();
        self.last = Instant::now();
    }
}

impl Hook for Watch {
    fn residual(&mut self, layer: usize, sequence: usize, hidden: &mut [f32]) {
        self.lap(1);
        let stats = self.meter.measure(hidden, self.d_model);
        self.found.push((layer, sequence, stats));
        self.lap(2);
    }

    fn attention(&mut self, _: usize, _: usize, _: &AttentionWeights<'_>) {
        self.lap(0);
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::var_os("OUTCROP_AMX").is_some_and(|value| value == "0") {
        outcrop_forward::ProductKernel::avoid_tiles();
    }
    let mut arguments = std::env::args().skip(1);
    let tiny = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/neox-parallel");
    let model = arguments.next().unwrap_or_else(|| tiny.into());
    let tokens: usize = arguments.next().map_or(Ok(16), |a| a.parse())?;
    let sequences: usize = arguments.next().map_or(Ok(1), |a| a.parse())?;
    let model = open(model.as_ref())?;
    let token = |i: usize| (((i * 2_654_435_761) >> 7) % model.arch().vocab) as u32;
    let drawn = |s: usize| (0..tokens).map(|i| token(s * tokens + i)).collect();
    let ids: Vec<Vec<u32>> = (0..sequences).map(drawn).collect();
    let start = Instant::now();
    let mut watch = Watch {
        d_model: model.arch().d_model,
        meter: Meter::new(),
        found: Vec::new(),
        last: start,
        parts: [Duration::ZERO; 3],
    };
    forward(&model, &ids, &mut watch)?;
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(watch.found.len(), model.arch().layers * sequences);
    for (layer, sequence, stats) in watch.found {
        let stats = stats?;
        print!("{layer} {sequence}");
        for top in stats.top.iter().flatten() {
            let place = top.place;
            print!(" {} {} {}", top.magnitude, place.position, place.channel);
        }
        println!(" {}", stats.median.unwrap_or(f32::NAN));
    }
    println!("seconds {seconds}\npeak {}", peak());
    for (name, part) in ["queries", "blocks", "statistics"].iter().zip(watch.parts) {
        println!("{name} {}", part.as_secs_f64());
    }
    Ok(())
}

/// A model of a folder, or of a file that says its architecture.
fn open(path: &Path) -> Result<Published, Box<dyn std::error::Error>> {
    if path.is_dir() {
        return Ok(Published::open(path)?);
    }
    let found = HuggingFace::parse(&config_text(path)?, &path.display().to_string())?;
    Ok(Published::with_arch(found.arch, found.family, path)?)
}

/// The largest memory that this process had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|n| n.parse().ok()).unwrap_or(0)
}
