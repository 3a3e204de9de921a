//! Our side of `cargo xtask bench measure --backend NAME`: top 3 and median of |h| after every block, on a backend:
//! `cargo run -p outcrop --example compare_backend -- FOLDER TOKENS SEQUENCES BACKEND [PASSES]`
//!
//! Prints what `benches/pytorch/measure.py` of outcrop-forward prints, of the same tokens: a line for every layer and
//! sequence, `layer sequence top1 position channel top2 .. top3 .. median`, then `seconds` of the fastest of PASSES (3),
//! `first` those of the first, in which kernels are compiled, and `peak` memory of this process in KiB (0 where /proc does
//! not tell). Every pass reads the weights. `flex` is the forward pass of `outcrop-forward`, on the CPU.
#![expect(clippy::print_stdout, reason = "an example that shows its numbers")]

use std::time::Instant;

use outcrop::BackendEngine;
use outcrop::core::Measurement;
use outcrop::forward::{Published, measure, measure_on};
use outcrop::model::Backend;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = |i: usize, default| arguments.get(i).map_or(default, String::as_str);
    let tiny = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../outcrop-forward/tests/fixtures/neox-parallel"
    );
    let model = Published::open(text(0, tiny).as_ref())?;
    let [tokens, sequences]: [usize; 2] = [text(1, "16").parse()?, text(2, "1").parse()?];
    let backend: Backend = text(3, "flex").parse()?;
    let passes: usize = text(4, "3").parse()?;
    let token = |i: usize| (((i * 2_654_435_761) >> 7) % model.arch().vocab) as u32;
    let drawn = |s: usize| (0..tokens).map(|i| token(s * tokens + i)).collect();
    let ids: Vec<Vec<u32>> = (0..sequences).map(drawn).collect();
    let (mut rows, mut seconds) = (Vec::new(), Vec::new());
    for _ in 0..passes.max(1) {
        let start = Instant::now();
        let measured = match backend {
            Backend::Flex => measure(&model, &ids, ("m", 0), false, &mut |_, _| {})?,
            Backend::Wgpu | Backend::Vulkan | Backend::Cuda => {
                let engine = BackendEngine(backend);
                measure_on(&engine, &model, &ids, ("m", 0), &mut |_, _| {})?
            }
        };
        seconds.push(start.elapsed().as_secs_f64());
        rows = measured.rows;
    }
    rows.iter().for_each(print);
    let fastest = seconds.iter().copied().fold(f64::INFINITY, f64::min);
    println!("seconds {fastest}\nfirst {}\npeak {}", seconds[0], peak());
    Ok(())
}

fn print(row: &Measurement) {
    print!("{} {}", row.layer, row.sequence);
    for top in row.stats.top.iter().flatten() {
        let place = top.place;
        print!(" {} {} {}", top.magnitude, place.position, place.channel);
    }
    println!(" {}", row.stats.median.unwrap_or(f32::NAN));
}

/// The largest memory that this process had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|n| n.parse().ok()).unwrap_or(0)
}
