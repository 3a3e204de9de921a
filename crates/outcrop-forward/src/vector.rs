//! Arithmetic of rows, written so that the compiler vectorises it for what the machine has.

use pulp::Arch;

/// exp(x) to about 2e-7 of it, 0 below -87: Cephes' polynomial after reduction by ln 2.
#[inline(always)]
fn exp(x: f32) -> f32 {
    const SHIFT: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to a whole number
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + SHIFT;
    let n = shifted - SHIFT;
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let p = 1.987_569_2e-4;
    let p = p * r + 1.398_2e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_58e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let power = f32::from_bits((shifted.to_bits().wrapping_add(127)) << 23);
    (p * r * r + r + 1.0) * power
}

/// erf(x) to a few units of the last place: a rational approximation on -4 to 4.
#[inline(always)]
fn erf(x: f32) -> f32 {
    let x = x.clamp(-4.0, 4.0);
    let s = x * x;
    let p = -2.726_142_3e-10;
    let p = p * s + 2.770_681_4e-8;
    let p = p * s - 2.101_024e-6;
    let p = p * s - 5.692_506_4e-5;
    let p = p * s - 7.349_906_3e-4;
    let p = p * s - 2.954_6e-3;
    let p = p * s - 1.609_603_3e-2;
    let q = -1.456_607_2e-5;
    let q = q * s - 2.133_740_5e-4;
    let q = q * s - 1.682_826_9e-3;
    let q = q * s - 7.373_329_2e-3;
    let q = q * s - 1.426_473_9e-2;
    x * p / q
}

/// x / 2 (1 + erf(x / sqrt 2)) of each.
pub(crate) fn gelu(row: &mut [f32]) {
    Arch::new().dispatch(|| {
        for x in row {
            *x = 0.5 * *x * (1.0 + erf(*x * std::f32::consts::FRAC_1_SQRT_2));
        }
    });
}

/// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) of each.
pub(crate) fn gelu_tanh(row: &mut [f32]) {
    Arch::new().dispatch(|| {
        for x in row {
            let u = 0.797_884_6 * (*x + 0.044_715 * *x * *x * *x);
            // (1 + tanh u) / 2 = 1 / (1 + exp(-2 u))
            *x /= 1.0 + exp(-2.0 * u);
        }
    });
}

/// max(x, 0) of each.
pub(crate) fn relu(row: &mut [f32]) {
    row.iter_mut().for_each(|x| *x = x.max(0.0));
}

/// x becomes gate sigmoid(gate) x.
pub(crate) fn swiglu(gate: &[f32], row: &mut [f32]) {
    Arch::new().dispatch(|| {
        for (x, g) in row.iter_mut().zip(gate) {
            *x *= g / (1.0 + exp(-g));
        }
    });
}

/// Replaces each score by exp(scale (score - largest)) and returns their sum.
pub(crate) fn soften(scores: &mut [f32], scale: f32) -> f32 {
    Arch::new().dispatch(|| {
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
    })
}

/// The largest of all; minus infinity of none.
pub(crate) fn largest(row: &[f32]) -> f32 {
    Arch::new().dispatch(|| maximum(row))
}

/// The sum of exp(x - most).
pub(crate) fn exp_sum(row: &[f32], most: f32) -> f32 {
    Arch::new().dispatch(|| sum(row, |x| exp(x - most)))
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

/// (x - mean) / sqrt(variance + eps) gain + shift of each; sums in f32 over 16 lanes.
pub(crate) fn layer_norm(row: &[f32], gain: &[f32], shift: &[f32], eps: f32, out: &mut [f32]) {
    Arch::new().dispatch(|| {
        let n = row.len() as f32;
        let mean = sum(row, |x| x) / n;
        let variance = sum(row, |x| (x - mean) * (x - mean)) / n;
        let factor = 1.0 / (variance + eps).sqrt();
        let parameters = gain.iter().zip(shift);
        for ((out, x), (gain, shift)) in out.iter_mut().zip(row).zip(parameters) {
            *out = (x - mean) * factor * gain + shift;
        }
    });
}

/// x / sqrt(mean(x^2) + eps) gain of each.
pub(crate) fn rms_norm(row: &[f32], gain: &[f32], eps: f32, out: &mut [f32]) {
    Arch::new().dispatch(|| {
        let square = sum(row, |x| x * x) / row.len() as f32;
        let factor = 1.0 / (square + eps).sqrt();
        for ((out, x), gain) in out.iter_mut().zip(row).zip(gain) {
            *out = x * factor * gain;
        }
    });
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
