//! What measuring costs in nanoseconds per scalar, of one sequence after another and with a new meter
//! each, beside adding up the same memory once and beside a median alone, selected in a copy.
//! `cargo run -p outcrop-measure --example measuring_speed`

use std::hint::black_box;
use std::time::Instant;

use outcrop_measure::Meter;

fn main() -> Result<(), outcrop_measure::Error> {
    let mut meter = Meter::new();
    for n in [1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22] {
        // different ones in turn: what a guess is worth depends on it
        let all = normal(n * ((1 << 20) / n).clamp(4, 64));
        let stats = meter.measure(&all[..n], 1)?;
        assert_eq!(stats.median, Some(by_sorting(&all[..n])));
        let mut copy = Vec::new();
        let times = [
            best(&all, n, sum),
            best(&all, n, |hidden| median(&mut meter, hidden)),
            best(&all, n, |hidden| median(&mut Meter::new(), hidden)),
            best(&all, n, |hidden| by_selecting(hidden, &mut copy)),
        ];
        report(n, times);
    }
    Ok(())
}

fn median(meter: &mut Meter, hidden: &[f32]) -> f32 {
    let stats = meter.measure(hidden, 1);
    stats.ok().and_then(|stats| stats.median).unwrap_or(0.0)
}

#[expect(clippy::print_stdout, reason = "an example that shows its numbers")]
fn report(n: usize, [sum, measure, first, select]: [f64; 4]) {
    println!(
        "{n:8} scalars: sum {sum:.2}, measure {measure:.2}, with a new meter {first:.2}, \
         a median alone {select:.2} ns each"
    );
}

/// Nanoseconds a scalar of all sequences of `n`, the shortest of many runs, which others on the machine
/// disturbed least.
fn best(all: &[f32], n: usize, mut f: impl FnMut(&[f32]) -> f32) -> f64 {
    let runs = ((1 << 25) / all.len()).clamp(3, 200);
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        for hidden in all.chunks_exact(n) {
            black_box(f(black_box(hidden)));
        }
        start.elapsed().as_secs_f64() * 1e9 / all.len() as f64
    });
    times.fold(f64::INFINITY, f64::min)
}

/// Sixteen sums side by side, so that it is memory that sets the pace.
fn sum(hidden: &[f32]) -> f32 {
    let mut sums = [0.0; 16];
    for chunk in hidden.as_chunks::<16>().0 {
        sums.iter_mut().zip(chunk).for_each(|(s, h)| *s += h);
    }
    sums.iter().sum()
}

fn by_sorting(hidden: &[f32]) -> f32 {
    let mut magnitudes: Vec<f32> = hidden.iter().map(|h| h.abs()).collect();
    magnitudes.sort_unstable_by(f32::total_cmp);
    magnitudes[(magnitudes.len() - 1) / 2]
}

fn by_selecting(hidden: &[f32], copy: &mut Vec<u32>) -> f32 {
    copy.clear();
    copy.extend(hidden.iter().map(|h| h.abs().to_bits()));
    let middle = (copy.len() - 1) / 2;
    f32::from_bits(*copy.select_nth_unstable(middle).1)
}

/// Standard normal numbers by Box and Muller from a xorshift generator.
fn normal(n: usize) -> Vec<f32> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..n)
        .map(|_| {
            let radius = (-2.0 * (1.0 - uniform()).ln()).sqrt();
            (radius * (std::f64::consts::TAU * uniform()).cos()) as f32
        })
        .collect()
}
