use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::text::below;

/// The seed of ids drawn where there is no tokenizer.
const SEED: u64 = 0;

/// The built-in text: this project's own documentation (`data/make_sample.py` collects it), enough
/// for 10 windows of 4096 tokens by any usual tokenizer.
pub const SAMPLE: &str = include_str!("../data/sample.txt");

/// `n` ids, drawn evenly from a vocabulary of `vocab`.
pub(crate) fn drawn(vocab: usize, n: usize) -> Vec<u32> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    (0..n).map(|_| below(&mut rng, vocab) as u32).collect()
}
