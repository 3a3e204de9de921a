use rand_chacha::ChaCha8Rng;

use super::batch::{Purpose, below, stream};

/// Symbols of an equation `a + b = c`.
const EQUATION: usize = 5;

/// Equations `a + b = c` with c = (a + b) mod p, of two numbers below p. Numbers are the symbols 0 to p - 1, `+` is p and
/// `=` is p + 1. A share of the p^2 pairs is trained on, the others are held out; which, depends on p alone.
pub(super) struct ModularAddition {
    modulus: usize,
    /// Every pair a p + b, those of the training first.
    pairs: Vec<usize>,
    /// How many are trained on.
    training: usize,
    sha256: String,
}

/// Which pairs are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pairs {
    Training,
    HeldOut,
}

impl ModularAddition {
    /// With `percent` of the pairs to train on, at least one on each side.
    pub(super) fn new(modulus: usize, percent: usize) -> Self {
        let mut rng = stream(Purpose::Table, modulus as u64, 1);
        let mut pairs: Vec<usize> = (0..modulus * modulus).collect();
        for i in (1..pairs.len()).rev() {
            pairs.swap(i, below(&mut rng, i + 1));
        }
        let training = (pairs.len() * percent / 100).clamp(1, pairs.len() - 1);
        let bytes = pairs[..training].iter();
        let bytes: Vec<u8> = bytes
            .flat_map(|pair| (*pair as u64).to_le_bytes())
            .collect();
        Self {
            modulus,
            pairs,
            training,
            sha256: outcrop_core::sha256_hex(&bytes),
        }
    }

    /// Symbols besides BOS.
    pub(super) fn symbols(&self) -> usize {
        self.modulus + 2
    }

    /// SHA-256 of the pairs a p + b that are trained on, as little-endian u64.
    pub(super) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Appends `length` symbols of equations, each drawn on its own; the last may be cut.
    pub(super) fn draw(
        &self,
        rng: &mut ChaCha8Rng,
        from: Pairs,
        length: usize,
        out: &mut Vec<u32>,
    ) {
        let pairs = match from {
            Pairs::Training => &self.pairs[..self.training],
            Pairs::HeldOut => &self.pairs[self.training..],
        };
        let (p, end) = (self.modulus, out.len() + length);
        while out.len() < end {
            let pair = pairs[below(rng, pairs.len())];
            let (a, b) = (pair / p, pair % p);
            let equation = [a, p, b, p + 1, (a + b) % p].map(|symbol| symbol as u32);
            out.extend(equation.iter().take(end - out.len()));
        }
    }

    /// That of a model that knows how to add: ln p nats for each a and b, none for the rest.
    pub(super) fn optimal_loss(&self, context: usize, bos: bool) -> f64 {
        let first = usize::from(!bos);
        let drawn = (first..first + context).filter(|i| [0, 2].contains(&(i % EQUATION)));
        drawn.count() as f64 * (self.modulus as f64).ln() / context as f64
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn equations(task: &ModularAddition, from: Pairs, count: usize) -> BTreeSet<[u32; 5]> {
        let (mut rng, mut row) = (stream(Purpose::Training, 7, 3), Vec::new());
        task.draw(&mut rng, from, EQUATION * count, &mut row);
        let (equations, rest) = row.as_chunks();
        assert!(rest.is_empty());
        equations.iter().copied().collect()
    }

    #[test]
    fn equations_are_right_and_no_held_out_pair_is_trained_on() {
        for (modulus, percent) in [(2, 50), (7, 30), (97, 50)] {
            let task = ModularAddition::new(modulus, percent);
            let all = modulus * modulus;
            let [training, held_out] =
                [Pairs::Training, Pairs::HeldOut].map(|from| equations(&task, from, 20 * all));
            for [a, plus, b, equals, c] in training.union(&held_out) {
                let p = modulus as u32;
                assert_eq!([*plus, *equals, *c], [p, p + 1, (a + b) % p]);
            }
            assert!(training.is_disjoint(&held_out));
            assert_eq!(training.len() + held_out.len(), all, "each pair is drawn");
            assert_eq!(training.len(), (all * percent / 100).max(1));
        }
    }

    #[test]
    fn a_row_may_end_within_an_equation() {
        let (task, mut row) = (ModularAddition::new(5, 50), vec![7]);
        let mut rng = stream(Purpose::Training, 0, 0);
        task.draw(&mut rng, Pairs::Training, 8, &mut row);
        assert_eq!((row.len(), row[2], row[4], row[7]), (9, 5, 6, 5));
    }

    #[test]
    fn the_optimal_loss_counts_the_drawn_numbers_among_the_targets() {
        let (task, nats) = (ModularAddition::new(97, 50), 97f64.ln());
        assert_eq!(task.optimal_loss(5, true), 2.0 * nats / 5.0);
        assert_eq!(task.optimal_loss(4, false), nats / 4.0); // + b = c
        assert_eq!(task.optimal_loss(6, true), 3.0 * nats / 6.0);
    }
}
