//! Sums in f64, for any family.

/// The mean of all scalars.
pub(crate) fn mean(values: &[f32]) -> f64 {
    total(values, |x| x) / values.len() as f64
}

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

/// The inner product of two slices, in eight sums.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut sums = [0.0; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest = a.remainder().iter().zip(b.remainder());
    let rest: f64 = rest.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
    for (a, b) in a.zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += f64::from(*a) * f64::from(*b);
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// The largest magnitude, in sixteen maxima.
pub(crate) fn largest(values: &[f32]) -> f32 {
    let mut most = [0.0; 16];
    let blocks = values.chunks_exact(16);
    let rest = blocks.remainder().iter();
    let rest = rest.fold(0.0, |most, x| larger(x.abs(), most));
    for block in blocks {
        for (most, x) in most.iter_mut().zip(block) {
            *most = larger(x.abs(), *most);
        }
    }
    most.into_iter().fold(rest, larger)
}

/// As one instruction.
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The magnitudes of the largest scalar of each column.
pub(crate) fn column_maxima(
    rows: impl Iterator<Item = impl AsRef<[f32]>>,
    columns: usize,
) -> Vec<f32> {
    let mut maxima = vec![0.0f32; columns];
    for row in rows {
        for (most, x) in maxima.iter_mut().zip(row.as_ref()) {
            *most = larger(x.abs(), *most);
        }
    }
    maxima
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
