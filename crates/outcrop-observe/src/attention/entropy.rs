use crate::observable::{Column, Observable, Reads};
use crate::sums::{LANES, larger, sum_of};
use crate::wide::vectorised;
use crate::{Found, Missing, Sample, Site, View};

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
    convention: "of the weights as they are, on the keys up to the query's own position: they are not divided by their sum, and what falls \
                 away beside them (sink logits, softmax with 1 in the sum) has no term. Weights that add up to more than 1 \
                 (sigmoids) have no entropy",
    cost: "O(n^2) time, O(n) memory",
    source: "arXiv 2303.06296",
    compute,
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    match sample.causal() {
        Err(missing) => vec![Err(missing); 2],
        Ok(causal) if !causal.shares => vec![Err(Missing::NotAttention); 2],
        Ok(_) => mean_and_share(sample.tensor()).to_vec(),
    }
}

fn mean_and_share(attention: View<'_>) -> [Found; 2] {
    let n = attention.rows();
    let mut entropies = vec![0.0; n];
    of_queries(attention, &mut entropies);
    let sum: f64 = entropies.iter().sum();
    let later = entropies.iter().enumerate().skip(1);
    let shares = later.map(|(query, entropy)| (entropy / ((query + 1) as f64).ln()).min(1.0));
    let share = match n {
        1 => Err(Missing::OnePosition),
        _ => Ok((shares.sum::<f64>() / (n - 1) as f64).clamp(0.0, 1.0)),
    };
    [Ok(f64::max(sum / n as f64, 0.0)), share]
}

vectorised! {
    /// The entropy of the weights of each query.
    fn of_queries<'a>(attention: View<'a>, entropies: &'a mut [f64]) -> () {
        for ((query, row), found) in attention.iter().enumerate().zip(entropies) {
            *found = entropy(&row[..=query]);
        }
    }
}

/// Terms that are added up in f32: 16 in each lane, few enough that their sum keeps six digits.
const BLOCK: usize = 16 * LANES;

/// -sum w ln w.
#[inline(always)]
fn entropy(weights: &[f32]) -> f64 {
    let mut sum = 0.0;
    for block in weights.chunks(BLOCK) {
        let mut terms = [0.0f32; LANES];
        for weights in block.chunks(LANES) {
            for (terms, weight) in terms.iter_mut().zip(weights) {
                *terms = weight.mul_add(ln(*weight), *terms);
            }
        }
        sum += sum_of(&terms.map(f64::from));
    }
    -sum
}

/// ln of a number from 0 to 2, to seven digits; a finite number at 0, whose product with 0 is 0. Without a branch, so that
/// several are computed at once: ln(2^e (1 + t)) = e ln 2 + t - t^2 / 2 + t^3 p(t), 1 + t from sqrt(1/2) to sqrt 2. p is the
/// polynomial through 8 Chebyshev nodes.
#[inline(always)]
fn ln(x: f32) -> f32 {
    /// The bits of sqrt(1/2).
    const LEAST: u32 = 0x3f35_04f3;
    let positive = larger(x, f32::MIN_POSITIVE);
    let bits = positive.to_bits().wrapping_sub(LEAST);
    let exponent = bits.cast_signed() >> 23;
    let t = f32::from_bits((bits & 0x007f_ffff) + LEAST) - 1.0;
    let p = (-0.079_036_44f32).mul_add(t, 0.126_237_39);
    let p = p.mul_add(t, -0.129_984_9);
    let p = p.mul_add(t, 0.142_143_56);
    let p = p.mul_add(t, -0.166_412_47);
    let p = p.mul_add(t, 0.200_010_48);
    let p = p.mul_add(t, -0.250_003_07);
    let p = p.mul_add(t, 0.333_333_3);
    let of_mantissa = (t * t).mul_add(p.mul_add(t, -0.5), t);
    (exponent as f32).mul_add(std::f32::consts::LN_2, of_mantissa)
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
