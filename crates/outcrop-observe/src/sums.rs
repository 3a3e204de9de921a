//! Sums in f64, for any family.

/// The mean of all scalars.
pub(crate) fn mean(values: &[f32]) -> f64 {
    total(values.iter().map(|x| f64::from(*x))) / values.len() as f64
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

/// The sum of f64 that follow one another.
fn total(values: impl Iterator<Item = f64>) -> f64 {
    values.sum()
}

/// The largest magnitude of each row.
pub(crate) fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |most, x| x.abs().max(most))
}

/// The magnitudes of the largest scalar of each column.
pub(crate) fn column_maxima(
    rows: impl Iterator<Item = impl AsRef<[f32]>>,
    columns: usize,
) -> Vec<f32> {
    let mut maxima = vec![0.0f32; columns];
    for row in rows {
        for (most, x) in maxima.iter_mut().zip(row.as_ref()) {
            *most = x.abs().max(*most);
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
