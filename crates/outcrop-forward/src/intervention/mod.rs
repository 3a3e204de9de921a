//! Massive activations set to zero or to their mean, and what that does to the loss.
//!
//! Sun et al. (arXiv 2402.17762, section 3) set the few massive activations of the layer where they
//! first appear and let the later layers compute as ever: zeros break the model, their means over other
//! text change next to nothing, so they act as biases. Here they are found by [`find_massive`], set by
//! [`Intervene`] and judged by [`evaluate_interventions`], also at every layer at once.

mod channels;
mod evaluate;
mod find;
mod intervene;

pub use channels::{MassiveActivations, MassiveChannel, Mean};
pub use evaluate::{Layers, evaluate_interventions};
pub use find::{FindOptions, find_massive};
pub use intervene::Intervene;
