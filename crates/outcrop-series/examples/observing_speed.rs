//! What observables add to a forward pass with the standard measurement: `observing_speed SECONDS [d=512] [t=512] [NAMES...]`.
//!
//! A random model of d = 512, heads of 64 channels, 2 layers, 8 sequences of 512 tokens; `d=` and `t=` choose others. Every list of names (as `--observe` takes
//! it; without any the cheap families one by one, all of them together, and the expensive ones) is run in turn with the
//! measurement alone, so that whatever else the machine does meets both. Prints milliseconds, the median and the least, and
//! the quotients of both. Where `/proc` tells them, times are those of the processor, of all threads together; else those of
//! the clock. The number of threads is that of rayon (`RAYON_NUM_THREADS`).

#![expect(clippy::print_stdout, reason = "an example that shows its numbers")]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use outcrop_arch::{ArchSpec, OUTCROP};
use outcrop_checkpoint::{Tensor, write_tensors};
use outcrop_forward::{ObserveOptions, observe_checkpoint};
use outcrop_forward::{Published, forward, measure};
use outcrop_observe::select;

const CHEAP: &str = "tails,tokens,channels,attention,sublayers,predictions,concepts";
const LISTS: [&str; 12] = [
    "tails",
    "tokens",
    "channels",
    "attention",
    "sublayers",
    "predictions",
    CHEAP,
    "singular_values",
    "prefix_ranks",
    "geometry",
    "information",
    "rounding",
];

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::var_os("OUTCROP_AMX").is_some_and(|value| value == "0") {
        outcrop_forward::ProductKernel::avoid_tiles();
    }
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let rest: Vec<String> = arguments.collect();
    let names = rest.iter().map(String::as_str);
    let mut names: Vec<&str> = names.filter(|name| !name.contains('=')).collect();
    if names.is_empty() {
        names.extend(LISTS);
    }
    let (d, tokens) = (size(&rest, "d=")?, size(&rest, "t=")?);
    let folder = tempfile::tempdir()?;
    let arch = ArchSpec {
        vocab: 1024,
        ..ArchSpec::new(2, d, (d / 64).max(1))
    };
    write(folder.path(), &arch)?;
    let model = Published::with_arch(arch, &OUTCROP, folder.path())?;
    let token = |i: usize| (i as u32).wrapping_mul(2_654_435_761) >> 22;
    let ids: Vec<Vec<u32>> = (0..8)
        .map(|s| (0..tokens).map(|t| token(s * tokens + t)).collect())
        .collect();
    let time = Duration::from_secs(seconds);

    let mut plain = || forward(&model, &ids, &mut ()).map(|()| 0);
    let mut standard =
        || measure(&model, &ids, ("m", 0), false, &mut |_, _| {}).map(|m| m.rows.len());
    let [none, tap] = both(time, &mut plain, &mut standard)?;
    line("forward pass alone", none, none);
    line("standard tap", tap, none);
    println!("\nbeside the standard tap:");
    for list in names {
        let options = ObserveOptions {
            observables: select(list)?,
            ..ObserveOptions::default()
        };
        let mut observed = || {
            observe_checkpoint(&model, &ids, ("m", 0), false, &options).map(|(_, rows)| rows.len())
        };
        let [tap, with] = both(time, &mut standard, &mut observed)?;
        line(list, with, tap);
    }
    Ok(())
}

/// The number after `name` in the arguments, otherwise 512.
fn size(arguments: &[String], name: &str) -> Result<usize, Box<dyn Error>> {
    let mut found = arguments.iter().filter_map(|text| text.strip_prefix(name));
    Ok(found.next().map_or(Ok(512), str::parse)?)
}

/// Median and least of two, run in turn, in milliseconds.
fn both<A: Error + 'static, B: Error + 'static>(
    time: Duration,
    first: &mut dyn FnMut() -> Result<usize, A>,
    second: &mut dyn FnMut() -> Result<usize, B>,
) -> Result<[[f64; 2]; 2], Box<dyn Error>> {
    let (start, mut times) = (Instant::now(), [Vec::new(), Vec::new()]);
    while start.elapsed() < time || times[1].len() < 3 {
        let begun = now();
        first()?;
        let middle = now();
        second()?;
        let spans = [middle - begun, now() - middle];
        for (times, span) in times.iter_mut().zip(spans) {
            times.push(span);
        }
    }
    Ok(times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        [times[times.len() / 2], times[0]]
    }))
}

/// Milliseconds of the processor: user and system, in hundredths of a second.
fn now() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default();
    let spent = fields.split_whitespace().skip(11).take(2);
    let ticks: Vec<f64> = spent.filter_map(|field| field.parse().ok()).collect();
    match ticks[..] {
        [user, system] => (user + system) * 10.0,
        _ => START.get_or_init(Instant::now).elapsed().as_secs_f64() * 1e3,
    }
}

fn line(name: &str, [median, least]: [f64; 2], [of, least_of]: [f64; 2]) {
    let (ratio, ratio_of_least) = (median / of, least / least_of);
    println!("{name:<52} {median:8.0} ({least:.0}) ms   x {ratio:.3} ({ratio_of_least:.3})");
}

/// Random weights, whose projections keep the size of what they read.
fn write(folder: &std::path::Path, arch: &ArchSpec) -> Result<(), Box<dyn Error>> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let mut tensors = Vec::new();
    for tensor in OUTCROP.tensors(arch)? {
        let inputs = *tensor.shape.last().unwrap_or(&1) as f32;
        let count = tensor.shape.iter().product();
        let data = match tensor.shape.len() {
            1 => (0..count).map(|_| 1.0 + 0.1 * next()).collect(),
            _ => (0..count).map(|_| next() * (3.0 / inputs).sqrt()).collect(),
        };
        tensors.push(Tensor {
            data,
            name: tensor.name,
            shape: tensor.shape,
        });
    }
    write_tensors(
        &folder.join("model.safetensors"),
        &tensors,
        &BTreeMap::new(),
    )?;
    Ok(())
}
