//! Sums in f64, for any family.

use crate::wide::vectorised;

/// Sums side by side in memory, added up at the end: so that the compiler makes vectors of them, loops over them run to a
/// length that it does not know.
pub(crate) const LANES: usize = 32;

/// The sum of `of` each scalar, in eight sums.
pub(crate) fn total(values: &[f32], of: impl Fn(f64) -> f64) -> f64 {
    let mut sums = [0.0; 8];
    let blocks = values.chunks_exact(8);
    let rest = blocks.remainder().iter();
    let rest: f64 = rest.map(|x| of(f64::from(*x))).sum();
    for block in blocks {
        for (sum, x) in sums.iter_mut().zip(block) {
            *sum += of(f64::from(*x));
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// How many scalars `are`, in sixteen counts.
pub(crate) fn count(values: &[f32], are: impl Fn(f32) -> bool) -> usize {
    let mut all = 0;
    // counts of a slice fit into 32 bits
    for slice in values.chunks(1 << 20) {
        let mut counts = [0u32; 16];
        let blocks = slice.chunks_exact(16);
        all += blocks.remainder().iter().filter(|x| are(**x)).count();
        for block in blocks {
            for (count, x) in counts.iter_mut().zip(block) {
                *count += u32::from(are(*x));
            }
        }
        all += counts.iter().map(|count| *count as usize).sum::<usize>();
    }
    all
}

/// The largest f32 that is at most `x`: of f32, those above it are those above `x`.
pub(crate) fn at_most(x: f64) -> f32 {
    let near = x as f32;
    match f64::from(near) > x {
        true => near.next_down(),
        false => near,
    }
}

/// Root mean square.
pub(crate) fn rms(values: &[f32]) -> f64 {
    (squares(values) / values.len() as f64).sqrt()
}

/// The sum of all squares.
pub(crate) fn squares(values: &[f32]) -> f64 {
    dot(values, values)
}

vectorised! {
    /// The inner product of two slices, in as many sums as there are lanes.
    pub(crate) fn dot<'a>(a: &'a [f32], b: &'a [f32]) -> f64 {
        let mut sums = [0.0; LANES];
        for (a, b) in a.chunks(LANES).zip(b.chunks(LANES)) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum += f64::from(*a) * f64::from(*b);
            }
        }
        sum_of(&sums)
    }
}

/// Lanes as they are: what is done with them afterwards does not change how the compiler makes vectors of them before, which
/// else are shuffled in every turn of a loop for sums at its end.
#[inline(always)]
pub(crate) fn whole<T>(lanes: T) -> T {
    std::hint::black_box(lanes)
}

/// The sum of all lanes of f32: of pairs, then in f64.
#[inline(always)]
pub(crate) fn sum_of_f32(lanes: &[f32; LANES]) -> f64 {
    let (first, second) = lanes.split_at(LANES / 2);
    let mut half = [0.0; LANES / 2];
    let pairs = half.iter_mut().zip(first).zip(second);
    pairs.for_each(|((sum, a), b)| *sum = a + b);
    let mut eight = [0.0; 8];
    for lanes in half.as_chunks::<8>().0 {
        for (sum, lane) in eight.iter_mut().zip(lanes) {
            *sum += f64::from(*lane);
        }
    }
    in_pairs(eight)
}

#[inline(always)]
fn in_pairs([a, b, c, d, e, f, g, h]: [f64; 8]) -> f64 {
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

/// The sum of all lanes.
#[inline(always)]
pub(crate) fn sum_of(lanes: &[f64; LANES]) -> f64 {
    let mut eight = [0.0; 8];
    for lanes in lanes.chunks(8) {
        for (sum, lane) in eight.iter_mut().zip(lanes) {
            *sum += lane;
        }
    }
    in_pairs(eight)
}

const SIGN: u32 = 1 << 31;

/// The bits of a magnitude, which sort like it; those of what is not finite are the largest.
#[inline(always)]
pub(crate) fn magnitude_bits(x: f32) -> u32 {
    x.to_bits() & !SIGN
}

/// Whether a scalar is below 0.
#[inline(always)]
pub(crate) fn is_negative(x: f32) -> bool {
    x.to_bits() > SIGN
}

vectorised! {
    /// The largest magnitude, by its bits.
    pub(crate) fn largest_bits<'a>(values: &'a [f32]) -> u32 {
        largest_bits_of(values)
    }
}

/// The same within a loop over rows.
#[inline(always)]
pub(crate) fn largest_bits_of(values: &[f32]) -> u32 {
    let mut most = 0;
    for x in values {
        most = u32::max(most, magnitude_bits(*x));
    }
    most
}

/// As one instruction.
#[inline(always)]
pub(crate) fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The number at a share `q` (0 to 1) of sorted numbers, between two in proportion, as `numpy.quantile` does.
pub(crate) fn quantile_of_sorted(sorted: &[f64], q: f64) -> f64 {
    let at = q * (sorted.len() - 1) as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (at - below as f64)
}

/// The inner product of two slices of f64, in eight sums.
pub(crate) fn dot_f64(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest = a.remainder().iter().zip(b.remainder());
    let rest: f64 = rest.map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f64>() + rest
}
