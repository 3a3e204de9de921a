//! Billions of multiplications and additions a second on the shapes of a transformer's layers, on one
//! thread and on all: `cargo run -p outcrop-gemm --example product_speed`.
#![expect(clippy::print_stdout, reason = "an example that shows its numbers")]

use std::time::Instant;

use outcrop_gemm::{LeftMatrix, Onto, Packed, multiply, multiply_serial};

const SHAPES: [[usize; 3]; 6] = [
    [2048, 512, 1536],
    [2048, 512, 2048],
    [2048, 2048, 512],
    [2048, 128, 512],
    [2048, 512, 128],
    [1024, 64, 256],
];

fn main() {
    if std::env::var_os("OUTCROP_AMX").is_some_and(|value| value == "0") {
        outcrop_gemm::ProductKernel::avoid_tiles();
    }
    println!("| m x k x n | one thread, GFLOP/s | all threads |\n|---|---|---|");
    for [m, k, n] in SHAPES {
        // as long as those of weights, so that no product is spared
        let number = |i: usize| (i % 1021) as f32 / 1021.0 - 0.5;
        let (a, w): (Vec<_>, Vec<_>) = (
            (0..m * k).map(number).collect(),
            (0..n * k).map(number).collect(),
        );
        let packed = Packed::transposed(&w, n, k);
        let mut c = vec![0.0; m * n];
        let mut best = |parallel: bool| {
            let once = |_| {
                let start = Instant::now();
                let product = if parallel { multiply } else { multiply_serial };
                product(LeftMatrix::new(&a, k), &packed, &mut c, n, Onto::ZERO);
                start.elapsed().as_secs_f64()
            };
            let seconds = (0..20).map(once).fold(f64::INFINITY, f64::min);
            let expected: f32 = (0..k).map(|i| a[i] * w[i]).sum();
            assert!((c[0] - expected).abs() < 1e-3);
            2.0 * (m * n * k) as f64 / seconds / 1e9
        };
        let (one, all) = (best(false), best(true));
        println!("| {m} x {k} x {n} | {one:.0} | {all:.0} |");
    }
}
