//! Sums and the largest of rows.

use crate::vectorised;

/// Partial sums side by side, added in order at the end.
const LANES: usize = 16;

/// The sum of f over pairs of two rows.
#[inline(always)]
pub(crate) fn sum(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut sums = [0.0; LANES];
    let ((a, last_a), (b, last_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for i in 0..LANES {
            sums[i] += f(a[i], b[i]);
        }
    }
    let last = last_a.iter().zip(last_b).map(|(a, b)| f(*a, *b));
    sums.iter().sum::<f32>() + last.sum::<f32>()
}

#[inline(always)]
pub(crate) fn maximum(row: &[f32]) -> f32 {
    let mut most = [f32::NEG_INFINITY; LANES];
    let (blocks, rest) = row.as_chunks::<LANES>();
    for block in blocks {
        for (most, x) in most.iter_mut().zip(block) {
            *most = if *x > *most { *x } else { *most };
        }
    }
    let all = most.iter().chain(rest);
    all.fold(f32::NEG_INFINITY, |m, x| m.max(*x))
}

vectorised! {
    /// The largest of all; minus infinity of none. NaNs do not count.
    pub fn largest<'a>(row: &'a [f32]) -> f32 { maximum(row) }
}

vectorised! {
    /// The sum of the products of two rows of one length.
    pub fn dot<'a>(a: &'a [f32], b: &'a [f32]) -> f32 { sum(a, b, |a, b| a * b) }
}

vectorised! {
    /// The sum of a row.
    pub fn row_sum<'a>(row: &'a [f32]) -> f32 { sum(row, row, |x, _| x) }
}

vectorised! {
    /// `sums` += the sums of the columns of `rows`, as many as there are sums.
    pub fn add_columns<'a>(rows: &'a [f32], sums: &'a mut [f32]) -> () {
        for row in rows.chunks_exact(sums.len()) {
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
    }
}
