//! Fits any number of short series from an iterator and prints the peak memory: it does not grow
//! with their number.
//!
//! ```sh
//! cargo run -p outcrop-fit --example memory -- [SERIES]
//! ```
//!
//! `SERIES` of nine points each, 1000 by default. The peak is `VmHWM` of Linux.
#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use std::ops::ControlFlow;
use std::time::Instant;

use outcrop_core::Trajectory;
use outcrop_fit::{EMERGENCE, FitOptions, fit_each};

fn trajectory(layer: u32) -> Trajectory {
    let rise = |i: u32| (1.0 + f64::from((layer + i) % 7)) * (1.0 + f64::from(i)).ln();
    Trajectory {
        model: "m".into(),
        layer,
        stage: None,
        steps: (0..9).map(|i| 50 * i).collect(),
        ratios: (0..9).map(|i| 5.0 + rise(i)).collect(),
        sem: Vec::new(),
    }
}

/// The line of /proc/self/status that names the peak, where there is one.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.unwrap_or("VmHWM: unknown").into()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count = std::env::args().nth(1).map_or(Ok(1_000), |n| n.parse())?;
    let options = FitOptions::default().with_draws(0)?.with_curve_points(0)?;
    let options = options.with_hypotheses(&[EMERGENCE])?;
    let (start, mut fitted) = (Instant::now(), 0);
    fit_each((1..=count).map(trajectory), &options, |_, found| {
        fitted += u32::from(found.fits[0].sse.is_some());
        ControlFlow::Continue(())
    });
    assert_eq!(fitted, count);
    println!("{fitted} series in {:.1?}, {}", start.elapsed(), peak());
    Ok(())
}
