use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;

/// A random number below `n`.
pub(crate) fn below(rng: &mut ChaCha8Rng, n: usize) -> usize {
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
}
