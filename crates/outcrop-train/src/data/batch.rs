use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use super::Error;

/// Sequences with the token that follows each of theirs, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Token ids, `batch` rows of `context`; the first of each row is BOS unless that is off.
    pub inputs: Vec<u32>,
    /// The token after each input, the same shape: within a row `targets[i] == inputs[i + 1]`.
    pub targets: Vec<u32>,
    /// Rows.
    pub batch: usize,
    /// Tokens per row.
    pub context: usize,
}

impl Batch {
    /// `batch` rows of `context`, cut from sequences of `context + 1` that `fill` appends.
    pub(super) fn from_rows(
        batch: usize,
        context: usize,
        mut fill: impl FnMut(usize, &mut Vec<u32>) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let mut inputs = Vec::with_capacity(batch * context);
        let mut targets = Vec::with_capacity(batch * context);
        let mut row = Vec::with_capacity(context + 1);
        for i in 0..batch {
            row.clear();
            fill(i, &mut row)?;
            inputs.extend_from_slice(&row[..context]);
            targets.extend_from_slice(&row[1..]);
        }
        Ok(Self {
            inputs,
            targets,
            batch,
            context,
        })
    }
}

/// The purpose of a random stream; streams of different purposes share no key.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Training = 1,
    HeldOut = 2,
    Table = 3,
    Sample = 4,
}

/// The random stream of (`purpose`, `seed`, `counter`): the three are the ChaCha key, so any stream
/// can be had without drawing the ones before it.
pub(super) fn stream(purpose: Purpose, seed: u64, counter: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&counter.to_le_bytes());
    key[16..24].copy_from_slice(&(purpose as u64).to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// Uniform in [0, 1), a multiple of 2^-53.
pub(crate) fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Uniform in 0..n for n > 0, but for a bias below n / 2^64.
pub(super) fn below(rng: &mut ChaCha8Rng, n: usize) -> usize {
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
}
