use crate::observable::{Column, Observable, Reads};
use crate::{Found, Missing, Sample, Site, View};

use super::causal;

/// Entropy of the weights of a query.
pub(crate) const ENTROPY: Observable = Observable {
    name: "attention_entropy",
    family: "attention",
    columns: &[
        Column {
            name: "attention_entropy",
            unit: "nats",
            range: [0.0, f64::INFINITY],
            meaning: "mean over all queries of -sum w ln w over the keys",
        },
        Column {
            name: "attention_entropy_share",
            unit: "",
            range: [0.0, 1.0],
            meaning: "mean over the queries from 1 on of the entropy over its largest value ln(i + 1): 1 for even weights",
        },
    ],
    sites: &[Site::AttentionWeights],
    needs: "",
    reads: Reads::Causal,
    convention: "of the weights as they are, on the keys up to the query's own position",
    cost: "O(n^2) time, no memory",
    source: "arXiv 2303.06296",
    compute,
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    match entropies(sample.tensor()) {
        Err(missing) => vec![Err(missing); 2],
        Ok((mean, share)) => vec![Ok(mean), share],
    }
}

fn entropies(attention: View<'_>) -> Result<(f64, Found), Missing> {
    let (mut sum, mut shares) = (0.0, 0.0);
    for (query, row) in causal(attention)?.enumerate() {
        let entropy = entropy(row);
        sum += entropy;
        if query > 0 {
            shares += (entropy / ((query + 1) as f64).ln()).min(1.0);
        }
    }
    let n = attention.rows();
    let share = match n {
        1 => Err(Missing::OnePosition),
        _ => Ok((shares / (n - 1) as f64).clamp(0.0, 1.0)),
    };
    Ok((f64::max(sum / n as f64, 0.0), share))
}

/// Weights whose terms are added up in f32: few enough that their sum keeps seven digits.
const BLOCK: usize = 64;

/// -sum w ln w.
fn entropy(weights: &[f32]) -> f64 {
    let block = |weights: &[f32]| {
        let mut sums = [0.0f32; 8];
        let lanes = weights.chunks_exact(8);
        let rest: f32 = lanes.remainder().iter().map(|w| w * ln(*w)).sum();
        for lane in lanes {
            for (sum, weight) in sums.iter_mut().zip(lane) {
                *sum += weight * ln(*weight);
            }
        }
        f64::from(sums.iter().sum::<f32>() + rest)
    };
    -weights.chunks(BLOCK).map(block).sum::<f64>()
}

/// ln of a number from 0 to 2, to seven digits; a finite number at 0, whose product with 0 is 0. Without a branch, so that
/// several are computed at once: ln(2^e m) = e ln 2 + 2 artanh((m - 1) / (m + 1)), m from sqrt(1/2) to sqrt 2.
fn ln(x: f32) -> f32 {
    /// The bits of sqrt(1/2).
    const LEAST: u32 = 0x3f35_04f3;
    let bits = x.max(f32::MIN_POSITIVE).to_bits().wrapping_sub(LEAST);
    let exponent = (bits as i32) >> 23;
    let mantissa = f32::from_bits((bits & 0x007f_ffff) + LEAST);
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let z = s * s;
    let series = 1.0 / 9.0;
    let series = series * z + 1.0 / 7.0;
    let series = series * z + 1.0 / 5.0;
    let series = series * z + 1.0 / 3.0;
    let artanh = s + s * z * series;
    exponent as f32 * std::f32::consts::LN_2 + 2.0 * artanh
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_have_seven_digits() {
        let numbers = (0..200_000u32).map(|i| f32::from_bits(0x0080_0000 + i * 5_300));
        for x in numbers.filter(|x| *x <= 1.02) {
            let expected = f64::from(x).ln();
            let error = (f64::from(ln(x)) - expected).abs();
            assert!(error <= 2e-7 * expected.abs().max(0.3), "{x} {error:e}");
        }
        assert_eq!(0.0 * ln(0.0), 0.0);
        assert_eq!(ln(1.0), 0.0);
    }
}
