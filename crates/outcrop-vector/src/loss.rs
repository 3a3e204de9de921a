//! Cross-entropy of rows of logits.

use crate::elementary::exp;
use crate::sums::{maximum, sum};
use crate::vectorised;

vectorised! {
    /// The sum of exp(x - most); no x is above `most`.
    pub fn exp_sum<'a>(row: &'a [f32], most: f32) -> f32 { sum(row, row, |x, _| exp(x - most)) }
}

vectorised! {
    /// Mean cross-entropy in nats of rows of logits, times their number: sum of
    /// ln(sum_j exp(l_j)) - l_target, one target a row. The logits become their gradients,
    /// (softmax - one hot) `weight`.
    ///
    /// # Panics
    /// Where a target is not below the length of a row.
    pub fn cross_entropy<'a>(logits: &'a mut [f32], targets: &'a [usize], weight: f32) -> f64 {
        let vocab = logits.len() / targets.len().max(1);
        let mut total = 0.0;
        for (row, &target) in logits.chunks_exact_mut(vocab.max(1)).zip(targets) {
            let (most, aim) = (maximum(row), row[target]);
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
        let total = cross_entropy(&mut logits, &targets, 0.25);
        assert!((total - exact(&logits64)).abs() < 1e-5);
        let slopes = difference(&logits64, |l| 0.25 * exact(l));
        assert_close(&logits, &slopes, 1e-6);
    }
}
