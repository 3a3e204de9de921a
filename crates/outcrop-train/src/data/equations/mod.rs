//! Equations of two elements: modular arithmetic and permutations (Power et al. 2201.02177).

mod operations;
mod permutations;
#[cfg(test)]
mod tests;

use rand_chacha::ChaCha8Rng;

pub use operations::{BinaryOperation, OPERATIONS};

use super::Error;
use super::batch::{Purpose, below, stream};
use super::generated::{Generated, Pool, Row};

/// Symbols of an equation `a ∘ b = c`.
const EQUATION: usize = 5;
/// Where its answer c stands.
const ANSWER: usize = 4;

/// Equations `a ∘ b = c` of an operation. Elements are the symbols 0 to n - 1, `∘` is n and `=` is n + 1. A share of the
/// pairs (a, b) for which c is defined is trained on, the others are held out; which, depends on the operation and its
/// size alone.
pub(super) struct Equations {
    operation: BinaryOperation,
    size: usize,
    elements: usize,
    /// Every pair a n + b, those of the training first.
    pairs: Vec<usize>,
    /// How many are trained on.
    training: usize,
    sha256: String,
}

impl Equations {
    /// As [`Equations::new`], if an equation fits into a row.
    pub(super) fn open(
        operation: BinaryOperation,
        size: usize,
        percent: usize,
        row: Row,
    ) -> Result<Self, Error> {
        row.at_least(operation.name, EQUATION)?;
        let size = operation.check_size(size)?;
        let percent = operation.check_percent(percent)?;
        Ok(Self::new(operation, size, percent))
    }

    /// With `percent` of the pairs to train on, at least one on each side.
    fn new(operation: BinaryOperation, size: usize, percent: usize) -> Self {
        let elements = (operation.elements)(size);
        let is_defined =
            |pair: &usize| (operation.apply)(pair / elements, pair % elements, size).is_some();
        let mut pairs: Vec<usize> = (0..elements * elements).filter(is_defined).collect();
        let mut rng = stream(Purpose::Table, size as u64, operation.stream);
        for i in (1..pairs.len()).rev() {
            pairs.swap(i, below(&mut rng, i + 1));
        }
        let training = (pairs.len() * percent / 100).clamp(1, pairs.len() - 1);
        let bytes = pairs[..training].iter();
        let bytes: Vec<u8> = bytes
            .flat_map(|pair| (*pair as u64).to_le_bytes())
            .collect();
        Self {
            operation,
            size,
            elements,
            pairs,
            training,
            sha256: outcrop_core::sha256_hex(&bytes),
        }
    }

    fn pool(&self, pool: Pool) -> &[usize] {
        match pool {
            Pool::Training => &self.pairs[..self.training],
            Pool::HeldOut => &self.pairs[self.training..],
        }
    }

    /// The symbols of the equation of a pair, for which c is defined.
    fn equation(&self, pair: usize) -> [u32; EQUATION] {
        let n = self.elements;
        let (a, b) = (pair / n, pair % n);
        let c = (self.operation.apply)(a, b, self.size).unwrap_or_default();
        [a, n, b, n + 1, c].map(|symbol| symbol as u32)
    }
}

impl Generated for Equations {
    fn symbols(&self) -> usize {
        self.elements + 2
    }

    /// Of the pairs a n + b that are trained on, as little-endian u64.
    fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Equations, each drawn on its own; the last may be cut.
    fn draw(&self, rng: &mut ChaCha8Rng, pool: Pool, length: usize, out: &mut Vec<u32>) {
        let (pairs, end) = (self.pool(pool), out.len() + length);
        while out.len() < end {
            let equation = self.equation(pairs[below(rng, pairs.len())]);
            out.extend(equation.iter().take(end - out.len()));
        }
    }

    /// That of a model that knows the operation, but not which pairs are trained on: a and b are drawn.
    fn optimal_loss_at(&self, at: usize, _: usize) -> f64 {
        let elements = self.elements as f64;
        match at % EQUATION {
            0 => elements.ln(),
            2 => (self.pairs.len() as f64 / elements).ln(),
            _ => 0.0,
        }
    }

    fn is_answer(&self, at: usize, _: usize) -> bool {
        at % EQUATION == ANSWER
    }
}
