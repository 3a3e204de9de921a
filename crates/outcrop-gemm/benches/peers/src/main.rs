//! Seconds of one product by outcrop-gemm and by its peers, in turns, each checked against sums in f64:
//!
//!     outcrop-gemm-peers SECONDS THREADS ROUND KIND:M:K:N...
//!
//! KIND is `product`, C = A B, or `gradient`, C += X' B with X of K x M by rows. Takes SECONDS in all besides the
//! checks; the side that begins changes with ROUND. Prints a line for each product and side: the product's
//! number and the side's name, the fastest and the median seconds. `cargo xtask bench gemm` runs it.

mod product;
mod sides;

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use outcrop_gemm::Aligned;

use product::{Product, naive, numbers};
use sides::{Side, sides};

/// How often the sides of one product come in turn.
const TURNS: u32 = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [seconds, threads, round, products @ ..] = arguments.as_slice() else {
        return Err("SECONDS THREADS ROUND KIND:M:K:N...".into());
    };
    let (seconds, threads): (f64, usize) = (seconds.parse()?, threads.parse()?);
    let round: usize = round.parse()?;
    let products = products.iter().map(|text| text.parse());
    let products: Vec<Product> = products.collect::<Result<_, _>>()?;
    let each = Duration::from_secs_f64(seconds / products.len() as f64);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()?;
    // inside of the pool, as in training: else each product waits until a thread of the pool wakes up
    pool.install(|| {
        for (number, product) in products.iter().enumerate() {
            for (name, mut times) in time(*product, threads, round, each) {
                times.sort_by(f64::total_cmp);
                let (fastest, median) = (times[0], times[times.len() / 2]);
                println!("{number}-{name} {fastest:e} {median:e}");
            }
        }
    });
    Ok(())
}

/// Seconds of every call of each side, together about as long as `each`.
fn time(
    product: Product,
    threads: usize,
    round: usize,
    each: Duration,
) -> Vec<(&'static str, Vec<f64>)> {
    let [a, b] = [(product.m * product.k, 1), (product.k * product.n, 2)];
    let [a, b] = [a, b].map(|(len, seed)| aligned(&numbers(len, seed)));
    let start = aligned(&numbers(product.m * product.n, 3));
    let expected = naive(product, &a, &b, &start);
    let mut sides = sides(product, &b, threads);
    let mut c = start.clone();
    for side in &mut sides {
        c.copy_from_slice(&start);
        (side.multiply)(&a, &b, &mut c);
        product.check(side.name, &c, &expected);
    }
    let count = sides.len();
    let slice = each / TURNS / count as u32;
    sides.rotate_left(round % count);
    let mut times: Vec<_> = sides.iter().map(|side| (side.name, Vec::new())).collect();
    for _ in 0..TURNS {
        for (side, (_, times)) in sides.iter_mut().zip(&mut times) {
            again_and_again(side, [&a, &b], &mut c, slice, times);
        }
    }
    times
}

fn again_and_again(
    side: &mut Side<'_>,
    [a, b]: [&[f32]; 2],
    c: &mut [f32],
    slice: Duration,
    times: &mut Vec<f64>,
) {
    let from = Instant::now();
    while from.elapsed() < slice {
        let start = Instant::now();
        (side.multiply)(black_box(a), black_box(b), black_box(c));
        times.push(start.elapsed().as_secs_f64());
    }
}

fn aligned(values: &[f32]) -> Aligned {
    let mut aligned = Aligned::default();
    aligned.resize(values.len());
    aligned.copy_from_slice(values);
    aligned
}
