//! Singular values of a tensor: how many directions it uses.

mod prefixes;
mod values;

pub(crate) use prefixes::PREFIXES;
pub use prefixes::{PrefixRank, prefix_ranks};
pub(crate) use values::VALUES;

/// The Shannon entropy of weights, over their sum, in nats.
fn entropy(weights: impl Iterator<Item = f64> + Clone) -> f64 {
    let sum: f64 = weights.clone().sum();
    let shares = weights.map(|weight| weight / sum).filter(|p| *p > 0.0);
    shares.map(|p| -p * p.ln()).sum::<f64>().max(0.0)
}
