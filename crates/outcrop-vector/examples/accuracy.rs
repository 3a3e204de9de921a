//! The error of exp in f32 against f64, and nanoseconds a number:
//! `cargo run -p outcrop-vector --example accuracy`.
#![expect(clippy::print_stdout, reason = "an example that shows its numbers")]

use std::time::Instant;

use outcrop_vector::{exp, vectorised};

vectorised! {
    /// y = exp(x) of each.
    fn exponentials<'a>(x: &'a [f32], y: &'a mut [f32]) -> () {
        x.iter().zip(y).for_each(|(x, y)| *y = exp(*x));
    }
}

fn main() {
    let x: Vec<f32> = (0..100_000).map(|i| i as f32 / 600.0 - 80.0).collect();
    let mut y = vec![0.0; x.len()];
    let start = Instant::now();
    (0..100).for_each(|_| exponentials(&x, &mut y));
    let each = start.elapsed().as_secs_f64() * 1e7 / x.len() as f64;
    let error = |(x, y): (&f32, &f32)| (f64::from(*y) / f64::from(*x).exp() - 1.0).abs();
    let worst = x.iter().zip(&y).map(error).fold(0.0, f64::max);
    assert!(worst < 1e-7);
    println!("largest relative error {worst:.1e}, {each:.2} ns");
}
