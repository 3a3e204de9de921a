//! Cross-entropy of rows of logits.

use crate::elementary::exp;
use crate::sums::{maximum, sum};
use crate::vectorised;

vectorised! {
    /// The sum of exp(x - most); no x is above `most`.
    pub fn exp_sum<'a>(row: &'a [f32], most: f32) -> f32 { sum(row, row, |x, _| exp(x - most)) }
}

vectorised! {
    /// Sums over rows of logits l, one target a row, of the cross-entropy in nats, Z - l_target with
    /// Z = ln(sum_j exp(l_j)), and of Z^2. The logits become the gradients of `weight` times the first and `z` times
    /// the second sum: `weight` (softmax - one hot) + 2 `z` Z softmax.
    ///
    /// # Panics
    /// Where a target is not below the length of a row.
    pub fn cross_entropy<'a>(
        logits: &'a mut [f32],
        targets: &'a [usize],
        weight: f32,
        z: f32,
    ) -> [f64; 2] {
        let vocab = logits.len() / targets.len().max(1);
        let mut totals = [0.0; 2];
        for (row, &target) in logits.chunks_exact_mut(vocab.max(1)).zip(targets) {
            let (most, aim) = (maximum(row), row[target]);
            row.iter_mut().for_each(|x| *x = exp(*x - most));
            let sum = sum(row, row, |x, _| x);
            let log = f64::from(sum).ln();
            let whole = log + f64::from(most);
            totals[0] += log + f64::from(most - aim);
            totals[1] += whole * whole;
            // exactly `weight` where z is 0
            let factor = (weight + 2.0 * z * whole as f32) / sum;
            row.iter_mut().for_each(|x| *x *= factor);
            row[target] -= weight;
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::{assert_close, difference, waves};

    #[test]
    fn losses_and_gradients_are_those_in_f64() {
        let (targets, vocab) = ([5, 0, 36], 37);
        let (mut logits, logits64) = waves(3 * vocab, 1);
        let exact = |logits: &[f64]| -> f64 {
            let rows = logits.chunks(vocab).zip(targets);
            let of = |(row, target): (&[f64], usize)| {
                row.iter().map(|x| x.exp()).sum::<f64>().ln() - row[target]
            };
            rows.map(of).sum()
        };
        let first = exp_sum(&logits[..vocab], 3.0);
        let first64: f64 = logits64[..vocab].iter().map(|x| (x - 3.0).exp()).sum();
        assert_close(&[first], &[first64], 1e-6);
        let mut with_z = logits.clone();
        let [total, _] = cross_entropy(&mut logits, &targets, 0.25, 0.0);
        assert!((total - exact(&logits64)).abs() < 1e-5);
        let slopes = difference(&logits64, |l| 0.25 * exact(l));
        assert_close(&logits, &slopes, 1e-6);
        let squares = |logits: &[f64]| -> f64 {
            let of = |row: &[f64]| row.iter().map(|x| x.exp()).sum::<f64>().ln().powi(2);
            logits.chunks(vocab).map(of).sum()
        };
        let [same, z] = cross_entropy(&mut with_z, &targets, 0.25, 0.125);
        assert_eq!(same, total);
        assert!((z - squares(&logits64)).abs() < 1e-4);
        let slopes = difference(&logits64, |l| 0.25 * exact(l) + 0.125 * squares(l));
        assert_close(&with_z, &slopes, 1e-6);
    }
}
