//! Arithmetic of rows, forward and backward, written so that the compiler vectorises it for what the
//! machine has.

use pulp::{Arch, Simd, WithSimd};

/// A function that is compiled for every kind of vectors, and runs as the one for this machine. It is no
/// closure, since the compiler is free not to inline those where the machine is known.
macro_rules! vectorised {
    ($(#[$doc:meta])* fn $name:ident<'a>($($given:ident: $kind:ty),* $(,)?) -> $output:ty $body:block) => {
        $(#[$doc])*
        pub(super) fn $name<'a>($($given: $kind),*) -> $output {
            struct Call<'a> {
                $($given: $kind),*
            }

            impl<'a> WithSimd for Call<'a> {
                type Output = $output;

                #[inline(always)]
                fn with_simd<S: Simd>(self, _: S) -> $output {
                    let Self { $($given),* } = self;
                    $body
                }
            }

            Arch::new().dispatch(Call { $($given),* })
        }
    };
}
pub(super) use vectorised;

/// exp(x) to about 2e-7 of it, 0 below -87: Cephes' polynomial after reduction by ln 2.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    const SHIFT: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to a whole number
    let x = x.clamp(-87.0, 88.0);
    let shifted = x.mul_add(std::f32::consts::LOG2_E, SHIFT);
    let n = shifted - SHIFT;
    let r = n.mul_add(-0.693_359_4, x);
    let r = n.mul_add(2.121_944_4e-4, r);
    let p = polynomial(
        r,
        &[
            1.987_569_2e-4,
            1.398_2e-3,
            8.333_452e-3,
            4.166_58e-2,
            1.666_666_5e-1,
            0.5,
            1.0,
            1.0,
        ],
    );
    let power = f32::from_bits((shifted.to_bits().wrapping_add(127)) << 23);
    p * power
}

/// erf(x) to a few units of the last place: a rational approximation on -4 to 4.
#[inline(always)]
pub(super) fn erf(x: f32) -> f32 {
    let x = x.clamp(-4.0, 4.0);
    let s = x * x;
    let p = polynomial(
        s,
        &[
            -2.726_142_3e-10,
            2.770_681_4e-8,
            -2.101_024e-6,
            -5.692_506_4e-5,
            -7.349_906_3e-4,
            -2.954_6e-3,
            -1.609_603_3e-2,
        ],
    );
    let q = polynomial(
        s,
        &[
            -1.456_607_2e-5,
            -2.133_740_5e-4,
            -1.682_826_9e-3,
            -7.373_329_2e-3,
            -1.426_473_9e-2,
        ],
    );
    x * p / q
}

/// Horner's rule, the highest power first.
#[inline(always)]
fn polynomial<const N: usize>(x: f32, coefficients: &[f32; N]) -> f32 {
    let [first, rest @ ..] = coefficients.as_slice() else {
        return 0.0;
    };
    rest.iter().fold(*first, |sum, c| sum.mul_add(x, *c))
}

/// The sum of f over pairs of two rows, in 16 lanes.
#[inline(always)]
pub(super) fn sum(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut sums = [0.0; 16];
    let ((a, last_a), (b, last_b)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    for (a, b) in a.iter().zip(b) {
        for i in 0..16 {
            sums[i] += f(a[i], b[i]);
        }
    }
    let last = last_a.iter().zip(last_b).map(|(a, b)| f(*a, *b));
    sums.iter().sum::<f32>() + last.sum::<f32>()
}

#[inline(always)]
fn largest(row: &[f32]) -> f32 {
    let mut most = [f32::NEG_INFINITY; 16];
    let (blocks, rest) = row.as_chunks::<16>();
    for block in blocks {
        for (most, x) in most.iter_mut().zip(block) {
            *most = if *x > *most { *x } else { *most };
        }
    }
    let all = most.iter().chain(rest);
    all.fold(f32::NEG_INFINITY, |m, x| m.max(*x))
}

vectorised! {
    /// `sums` += the sums of the columns of `rows`.
    fn add_columns<'a>(rows: &'a [f32], sums: &'a mut [f32]) -> () {
        for row in rows.chunks_exact(sums.len()) {
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
    }
}

vectorised! {
    /// The sum of the products of two rows.
    fn dot<'a>(a: &'a [f32], b: &'a [f32]) -> f32 { sum(a, b, |a, b| a * b) }
}

/// Mean and 1 / sqrt(variance + eps) of a row.
#[inline(always)]
fn moments(row: &[f32], eps: f32) -> [f32; 2] {
    let n = row.len() as f32;
    let mean = sum(row, row, |x, _| x) / n;
    let variance = sum(row, row, |x, _| (x - mean) * (x - mean)) / n;
    [mean, 1.0 / (variance + eps).sqrt()]
}

vectorised! {
    /// y = gain (x - mean) / sqrt(variance + eps) + shift of each row (Ba et al. 2016).
    fn layer_norm<'a>(x: &'a [f32], norm: [&'a [f32]; 2], eps: f32, y: &'a mut [f32]) -> () {
        let [gain, shift] = norm;
        let d = gain.len();
        for (x, y) in x.chunks_exact(d).zip(y.chunks_exact_mut(d)) {
            let [mean, factor] = moments(x, eps);
            for i in 0..d {
                y[i] = ((x[i] - mean) * factor).mul_add(gain[i], shift[i]);
            }
        }
    }
}

vectorised! {
    /// The way back through [`layer_norm`]. With n = (x - mean) / sqrt(variance + eps) and g = dy gain:
    /// dx += (g - mean(g) - n mean(g n)) / sqrt(variance + eps), dgain += dy n, dshift += dy.
    fn layer_norm_backward<'a>(
        x: &'a [f32],
        gain: &'a [f32],
        eps: f32,
        dy: &'a mut [f32],
        dx: &'a mut [f32],
        gradients: [&'a mut [f32]; 2],
    ) -> () {
        let d = gain.len();
        let [dgain, dshift] = gradients.map(|g| &mut g[..d]);
        let mut normed = vec![0.0; d];
        let rows = x.chunks_exact(d).zip(dy.chunks_exact_mut(d)).zip(dx.chunks_exact_mut(d));
        for ((x, dy), dx) in rows {
            let [mean, factor] = moments(x, eps);
            for i in 0..d {
                normed[i] = (x[i] - mean) * factor;
                dgain[i] = dy[i].mul_add(normed[i], dgain[i]);
                dshift[i] += dy[i];
                dy[i] *= gain[i];
            }
            let level = sum(dy, dy, |g, _| g) / d as f32;
            let slope = sum(dy, &normed, |g, n| g * n) / d as f32;
            for i in 0..d {
                dx[i] += (dy[i] - level - normed[i] * slope) * factor;
            }
        }
    }
}

/// Rotates the first channels of a head: channel i with channel i + half by the angles whose cosines
/// and sines are given; `direction` is 1, or -1 on the way back.
#[inline(always)]
fn rotate(head: &mut [f32], cosines: &[f32], sines: &[f32], direction: f32) {
    let half = cosines.len();
    let (low, rest) = head.split_at_mut(half);
    let pairs = low.iter_mut().zip(&mut rest[..half]);
    for ((a, b), (cosine, sine)) in pairs.zip(cosines.iter().zip(sines)) {
        let sine = direction * sine;
        (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
    }
}

vectorised! {
    /// Rotates queries and keys of rows [heads, q | k | v] at positions 0, 1, ... (Su et al. 2021, paired
    /// as in GPT-NeoX). `tables` are cosines and sines [positions, half].
    fn rotate_rows<'a>(
        rows: &'a mut [f32],
        heads: usize,
        half: usize,
        tables: [&'a [f32]; 2],
        direction: f32,
        width: usize,
    ) -> () {
        let d_head = width / heads / 3;
        for (position, row) in rows.chunks_exact_mut(width).enumerate() {
            let [cosines, sines] = tables.map(|t| &t[position * half..][..half]);
            for head in row.chunks_exact_mut(3 * d_head) {
                rotate(&mut head[..d_head], cosines, sines, direction);
                rotate(&mut head[d_head..2 * d_head], cosines, sines, direction);
            }
        }
    }
}

vectorised! {
    /// Mean cross-entropy of rows of logits, times their number: sum of ln(sum_j exp(l_j)) - l_target.
    /// The logits become their gradients, (softmax - one hot) `weight`.
    fn cross_entropy<'a>(logits: &'a mut [f32], targets: &'a [usize], weight: f32) -> f64 {
        let vocab = logits.len() / targets.len().max(1);
        let mut total = 0.0;
        for (row, &target) in logits.chunks_exact_mut(vocab.max(1)).zip(targets) {
            let (most, aim) = (largest(row), row[target]);
            row.iter_mut().for_each(|x| *x = exp(*x - most));
            let sum = sum(row, row, |x, _| x);
            total += f64::from(sum).ln() + f64::from(most - aim);
            let factor = weight / sum;
            row.iter_mut().for_each(|x| *x *= factor);
            row[target] -= weight;
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn exponentials(x in -80.0..80.0f32) {
            let exact = f64::from(x).exp();
            prop_assert!((f64::from(exp(x)) / exact - 1.0).abs() < 3e-7, "{x}");
        }
    }
}
