//! Arithmetic of rows, written so that the compiler vectorises it for what the machine has.

use pulp::{Arch, Simd, WithSimd};

/// A function that is compiled for every kind of vectors, and runs as the one for this machine. It is no
/// closure, since the compiler is free not to inline those where the machine is known.
macro_rules! vectorised {
    ($(#[$doc:meta])* fn $name:ident<'a>($($given:ident: $kind:ty),*) -> $output:ty $body:block) => {
        $(#[$doc])*
        pub(crate) fn $name<'a>($($given: $kind),*) -> $output {
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

/// exp(x) to about 2e-7 of it, 0 below -87: Cephes' polynomial after reduction by ln 2.
#[inline(always)]
fn exp(x: f32) -> f32 {
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
fn erf(x: f32) -> f32 {
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

vectorised! {
    /// x / 2 (1 + erf(x / sqrt 2)) of each.
    fn gelu<'a>(row: &'a mut [f32]) -> () {
        for x in row {
            *x = 0.5 * *x * (1.0 + erf(*x * std::f32::consts::FRAC_1_SQRT_2));
        }
    }
}

vectorised! {
    /// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) of each.
    fn gelu_tanh<'a>(row: &'a mut [f32]) -> () {
        for x in row {
            let u = 0.797_884_6 * *x * (0.044_715 * *x).mul_add(*x, 1.0);
            // (1 + tanh u) / 2 = 1 / (1 + exp(-2 u))
            *x /= 1.0 + exp(-2.0 * u);
        }
    }
}

/// max(x, 0) of each.
pub(crate) fn relu(row: &mut [f32]) {
    row.iter_mut().for_each(|x| *x = x.max(0.0));
}

vectorised! {
    /// x becomes gate sigmoid(gate) x.
    fn swiglu<'a>(gate: &'a [f32], row: &'a mut [f32]) -> () {
        for (x, g) in row.iter_mut().zip(gate) {
            *x *= g / (1.0 + exp(-g));
        }
    }
}

vectorised! {
    /// Replaces each score by exp(scale (score - largest)) and returns their sum.
    fn soften<'a>(scores: &'a mut [f32], scale: f32) -> f32 {
        let most = maximum(scores);
        let mut sums = [0.0; 16];
        let (blocks, rest) = scores.as_chunks_mut::<16>();
        for block in blocks {
            for (sum, x) in sums.iter_mut().zip(block) {
                *x = exp(scale * (*x - most));
                *sum += *x;
            }
        }
        let mut sum: f32 = sums.iter().sum();
        for x in rest {
            *x = exp(scale * (*x - most));
            sum += *x;
        }
        sum
    }
}

vectorised! {
    /// Makes softmax weights of a panel of scores, but for the division by their sums: in each column,
    /// which is a query, becomes score s of a key, which is a row, exp(s - largest). Column c sees the
    /// rows to `first` + c, which are there; the others become 0. Puts the sums into `sums`, one a column.
    fn soften_panel<'a>(scores: &'a mut [f32], first: usize, sums: &'a mut [f32]) -> () {
        match sums.len() {
            32 => soften_columns::<32>(scores, first, sums),
            16 => soften_columns::<16>(scores, first, sums),
            8 => soften_columns::<8>(scores, first, sums),
            _ => soften_column_by_column(scores, first, sums),
        }
    }
}

/// For panels of vectors that are not foreseen.
fn soften_column_by_column(scores: &mut [f32], first: usize, sums: &mut [f32]) {
    let width = sums.len();
    for (c, sum) in sums.iter_mut().enumerate() {
        let column = scores.iter().skip(c).step_by(width).take(first + c + 1);
        let most = column.fold(f32::NEG_INFINITY, |m, x| m.max(*x));
        *sum = 0.0;
        for (key, row) in scores.chunks_exact_mut(width).enumerate() {
            row[c] = if key > first + c {
                0.0
            } else {
                exp(row[c] - most)
            };
            *sum += row[c];
        }
    }
}

/// Keys whose weights are added up before the sum is added to that of others: fewer roundings.
const KEYS: usize = 64;

#[inline(always)]
fn soften_columns<const W: usize>(scores: &mut [f32], first: usize, sums: &mut [f32]) {
    let rows = scores.as_chunks_mut::<W>().0;
    // hidden from column c: the rows after first + c
    let hidden = |key: usize| key.saturating_sub(first).min(W);
    for (key, row) in rows.iter_mut().enumerate().skip(first) {
        row[..hidden(key)].fill(f32::NEG_INFINITY);
    }
    let mut most = [f32::NEG_INFINITY; W];
    for row in rows.iter() {
        for (most, x) in most.iter_mut().zip(row) {
            *most = if *x > *most { *x } else { *most };
        }
    }
    sums.fill(0.0);
    for block in rows.chunks_mut(KEYS) {
        let mut partial = [0.0f32; W];
        for row in block {
            for c in 0..W {
                row[c] = exp(row[c] - most[c]);
                partial[c] += row[c];
            }
        }
        sums.iter_mut()
            .zip(partial)
            .for_each(|(sum, part)| *sum += part);
    }
    for (key, row) in rows.iter_mut().enumerate().skip(first) {
        row[..hidden(key)].fill(0.0);
    }
}

vectorised! {
    /// The largest of all; minus infinity of none.
    fn largest<'a>(row: &'a [f32]) -> f32 { maximum(row) }
}

vectorised! {
    /// The sum of exp(x - most).
    fn exp_sum<'a>(row: &'a [f32], most: f32) -> f32 { sum(row, |x| exp(x - most)) }
}

#[inline(always)]
fn maximum(row: &[f32]) -> f32 {
    let mut most = [f32::NEG_INFINITY; 16];
    let (blocks, rest) = row.as_chunks::<16>();
    for block in blocks {
        for (most, x) in most.iter_mut().zip(block) {
            *most = most.max(*x);
        }
    }
    let all = most.iter().chain(rest);
    all.fold(f32::NEG_INFINITY, |m, x| m.max(*x))
}

/// Multiplies each by `factor`.
pub(crate) fn scale(row: &mut [f32], factor: f32) {
    row.iter_mut().for_each(|x| *x *= factor);
}

vectorised! {
    /// (x - mean) / sqrt(variance + eps) gain + shift of each; sums in f32 over 16 lanes.
    fn layer_norm<'a>(row: &'a [f32], gain: &'a [f32], shift: &'a [f32], eps: f32, out: &'a mut [f32]) -> () {
        let n = row.len() as f32;
        let mean = sum(row, |x| x) / n;
        let variance = sum(row, |x| (x - mean) * (x - mean)) / n;
        let factor = 1.0 / (variance + eps).sqrt();
        let parameters = gain.iter().zip(shift);
        for ((out, x), (gain, shift)) in out.iter_mut().zip(row).zip(parameters) {
            *out = (x - mean) * factor * gain + shift;
        }
    }
}

vectorised! {
    /// x / sqrt(mean(x^2) + eps) gain of each.
    fn rms_norm<'a>(row: &'a [f32], gain: &'a [f32], eps: f32, out: &'a mut [f32]) -> () {
        let square = sum(row, |x| x * x) / row.len() as f32;
        let factor = 1.0 / (square + eps).sqrt();
        for ((out, x), gain) in out.iter_mut().zip(row).zip(gain) {
            *out = x * factor * gain;
        }
    }
}

#[inline(always)]
fn sum(row: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0; 16];
    let (blocks, rest) = row.as_chunks::<16>();
    for block in blocks {
        for (sum, x) in sums.iter_mut().zip(block) {
            *sum += f(*x);
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|x| f(*x)).sum::<f32>()
}

/// Rotates the first channels of a head: channel i with channel i + half by the angles whose cosines
/// and sines are given.
pub(crate) fn rotate(head: &mut [f32], cosines: &[f32], sines: &[f32]) {
    let half = cosines.len();
    let (low, rest) = head.split_at_mut(half);
    let pairs = low.iter_mut().zip(&mut rest[..half]);
    for ((a, b), (cosine, sine)) in pairs.zip(cosines.iter().zip(sines)) {
        (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
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

        /// erf' = 2 / sqrt(pi) exp(-x^2), integrated by Simpson's rule
        #[test]
        fn error_functions(x in -6.0..6.0f32) {
            let steps = 400;
            let h = f64::from(x) / f64::from(steps);
            let f = |i: i32| (-(h * f64::from(i)).powi(2)).exp();
            let inner: f64 = (1..steps).map(|i| if i % 2 == 1 { 4.0 * f(i) } else { 2.0 * f(i) }).sum();
            let exact = 2.0 / std::f64::consts::PI.sqrt() * h / 3.0 * (f(0) + inner + f(steps));
            prop_assert!((f64::from(erf(x)) - exact).abs() < 5e-7, "{x} {} {exact}", erf(x));
        }
    }

    #[test]
    fn a_softened_panel_is_a_softmax_of_what_each_column_sees() {
        for width in [32, 16, 8, 7] {
            let (first, keys) = (70, 70 + width);
            let scores: Vec<f32> = (0..keys * width)
                .map(|i| (i as f32 * 1.7).sin() * 9.0)
                .collect();
            let (mut weights, mut sums) = (scores.clone(), vec![0.0; width]);
            soften_panel(&mut weights, first, &mut sums);
            for c in 0..width {
                let seen = first + c + 1;
                let score = |key: usize| f64::from(scores[key * width + c]).exp();
                let total: f64 = (0..seen).map(score).sum();
                for key in 0..keys {
                    let weight = f64::from(weights[key * width + c] / sums[c]);
                    let expected = if key < seen { score(key) / total } else { 0.0 };
                    assert!((weight - expected).abs() < 1e-6, "{width} {c} {key}");
                }
            }
        }
    }

    #[test]
    fn a_softened_row_is_a_softmax() {
        let mut row: Vec<f32> = (0..37).map(|i| (i as f32 * 1.7).sin() * 9.0).collect();
        let weights: Vec<f64> = row.iter().map(|x| (0.5 * f64::from(*x)).exp()).collect();
        let total: f64 = weights.iter().sum();
        let sum = soften(&mut row, 0.5);
        for (x, w) in row.iter().zip(&weights) {
            assert!((f64::from(x / sum) - w / total).abs() < 1e-6);
        }
    }
}
