//! The error of exp in f32 against f64, and nanoseconds a number, beside the standard library's:
//! `cargo run -p outcrop-vector --example accuracy`.
#![expect(clippy::print_stdout, reason = "an example that shows its numbers")]

use std::time::Instant;

use outcrop_vector::{exp, vectorised};

vectorised! {
    fn ours<'a>(row: &'a mut [f32]) -> () { row.iter_mut().for_each(|x| *x = exp(*x)) }
}

vectorised! {
    fn standard<'a>(row: &'a mut [f32]) -> () { row.iter_mut().for_each(|x| *x = x.exp()) }
}

fn main() {
    let x: Vec<f32> = (0..100_000).map(|i| i as f32 / 600.0 - 80.0).collect();
    for (name, f) in [("ours", ours as fn(&mut [f32])), ("standard", standard)] {
        let (mut y, mut seconds) = (x.clone(), f64::INFINITY);
        for _ in 0..20 {
            y.copy_from_slice(&x);
            let start = Instant::now();
            f(&mut y);
            seconds = seconds.min(start.elapsed().as_secs_f64());
        }
        let error = |(x, y): (&f32, &f32)| (f64::from(*y) / f64::from(*x).exp() - 1.0).abs();
        let worst = x.iter().zip(&y).map(error).fold(0.0, f64::max);
        assert!(worst < 1e-7);
        let each = seconds / x.len() as f64 * 1e9;
        println!("{name}: largest relative error {worst:.1e}, {each:.2} ns");
    }
}
