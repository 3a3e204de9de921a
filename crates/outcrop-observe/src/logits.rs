//! What several observables need of rows of logits, over the widest vectors.

use crate::sums::larger;
use crate::wide::vectorised;

/// Sums side by side.
const LANES: usize = 16;

/// The place of the largest logit, the first of several.
pub(crate) fn argmax(row: &[f32]) -> usize {
    let most = largest(row);
    row.iter().position(|x| *x == most).unwrap_or_default()
}

/// ln(sum exp(logit)).
pub(crate) fn log_sum(row: &[f32]) -> f64 {
    let most = largest(row);
    f64::from(most) + exp_sum(row, most).ln()
}

/// ln(sum exp(last)), and sum softmax(last) (last - logit): of both KL(last || logits) is made.
pub(crate) fn against(last: &[f32], row: &[f32]) -> [f64; 2] {
    let most = largest(last);
    let [sum, differences] = exp_sums(last, row, most);
    [f64::from(most) + sum.ln(), differences / sum]
}

vectorised! {
    fn largest<'a>(row: &'a [f32]) -> f32 {
        let mut most = [f32::NEG_INFINITY; 2 * LANES];
        let (blocks, rest) = row.as_chunks::<{ 2 * LANES }>();
        for x in blocks {
            most = std::array::from_fn(|k| larger(x[k], most[k]));
        }
        most.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max)
    }
}

vectorised! {
    /// How many logits are larger.
    pub(crate) fn rank_of<'a>(row: &'a [f32], logit: f32) -> usize {
        let mut all = 0;
        // counts of a slice fit into 32 bits
        for slice in row.chunks(1 << 20) {
            let mut count = 0u32;
            for x in slice {
                count += u32::from(*x > logit);
            }
            all += count as usize;
        }
        all
    }
}

vectorised! {
    /// The sum of exp(x - most).
    fn exp_sum<'a>(row: &'a [f32], most: f32) -> f64 {
        let mut sums = [0.0; LANES];
        let (blocks, rest) = row.as_chunks::<LANES>();
        for x in blocks {
            let powers: [f64; LANES] = std::array::from_fn(|k| exp(f64::from(x[k]) - f64::from(most)));
            sums = std::array::from_fn(|k| sums[k] + powers[k]);
        }
        let rest = rest.iter().map(|x| exp(f64::from(*x) - f64::from(most)));
        sums.iter().sum::<f64>() + rest.sum::<f64>()
    }
}

vectorised! {
    /// The sums of exp(last - most) and of exp(last - most) (last - x).
    fn exp_sums<'a>(last: &'a [f32], row: &'a [f32], most: f32) -> [f64; 2] {
        let (mut sums, mut differences) = ([0.0; LANES], [0.0; LANES]);
        let (lasts, rest_of_last) = last.as_chunks::<LANES>();
        let (rows, rest) = row.as_chunks::<LANES>();
        for (last, x) in lasts.iter().zip(rows) {
            let powers: [f64; LANES] = std::array::from_fn(|k| exp(f64::from(last[k]) - f64::from(most)));
            sums = std::array::from_fn(|k| sums[k] + powers[k]);
            differences = std::array::from_fn(|k| {
                let difference = f64::from(last[k]) - f64::from(x[k]);
                powers[k].mul_add(difference, differences[k])
            });
        }
        for ((k, last), x) in rest_of_last.iter().enumerate().zip(rest) {
            let power = exp(f64::from(*last) - f64::from(most));
            sums[k] += power;
            differences[k] += power * (f64::from(*last) - f64::from(*x));
        }
        [sums.iter().sum(), differences.iter().sum()]
    }
}

/// exp(x) of x up to 0, to 12 digits; below -700 exp(-700). Without a branch, so that several are computed at once: exp(x) =
/// 2^n exp(r), r from -ln(2) / 2 to ln(2) / 2, by its Taylor polynomial.
#[inline(always)]
fn exp(x: f64) -> f64 {
    /// Added and taken off it rounds to an integer, which then is in the lowest bits.
    const SHIFT: f64 = 1.5 * (1u64 << 52) as f64;
    const LEAST: f64 = -700.0;
    /// ln 2, of few digits, and the rest of it.
    const LN_2: [f64; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];
    let x = if x > LEAST { x } else { LEAST };
    let shifted = x.mul_add(std::f64::consts::LOG2_E, SHIFT);
    let n = shifted - SHIFT;
    let r = n.mul_add(-LN_2[1], n.mul_add(-LN_2[0], x));
    let mut sum = 1.0 / 39_916_800.0;
    for factor in [
        3_628_800.0,
        362_880.0,
        40_320.0,
        5_040.0,
        720.0,
        120.0,
        24.0,
        6.0,
        2.0,
        1.0,
        1.0,
    ] {
        sum = r.mul_add(sum, 1.0 / factor);
    }
    let power = (shifted.to_bits() << 52).wrapping_add(1f64.to_bits());
    sum * f64::from_bits(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_have_twelve_digits() {
        for i in 0..200_000 {
            let x = f64::from(i) * -0.0035;
            let error = exp(x) / x.exp() - 1.0;
            assert!(error.abs() < 1e-12, "{x} {error:e}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(-1e9) < 1e-300);
    }

    /// Rows of any length, against the definitions.
    #[test]
    fn sums_and_ranks_are_those_of_the_definitions() {
        for n in [1, 15, 16, 33, 1000] {
            let at = |i: usize, by: usize| (i * by % 101) as f32 * 0.2 - 7.0;
            let row: Vec<f32> = (0..n).map(|i| at(i, 37)).collect();
            let last: Vec<f32> = (0..n).map(|i| at(i, 53)).collect();
            let sum = |row: &[f32]| row.iter().map(|x| f64::from(*x).exp()).sum::<f64>();
            assert!((log_sum(&row) - sum(&row).ln()).abs() < 1e-12);
            let [log_last, differences] = against(&last, &row);
            assert!((log_last - sum(&last).ln()).abs() < 1e-12);
            let exact = last.iter().zip(&row).map(|(last, x)| {
                f64::from(*last).exp() / log_last.exp() * (f64::from(*last) - f64::from(*x))
            });
            assert!((differences - exact.sum::<f64>()).abs() < 1e-10);
            let best = argmax(&row);
            assert!(row[..best].iter().all(|x| *x < row[best]));
            assert!(row.iter().all(|x| *x <= row[best]));
            let above = row.iter().filter(|x| **x > row[n / 2]).count();
            assert_eq!(rank_of(&row, row[n / 2]), above);
        }
    }
}
