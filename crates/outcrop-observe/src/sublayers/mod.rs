//! What blocks add to the residual stream, what norms make of it, and the layers at which it changes.

mod sparsity;
mod steps;
mod write;

pub(crate) use sparsity::SPARSITY;
pub(crate) use steps::STEPS;
pub use steps::{LayerStep, layer_steps};
pub(crate) use write::WRITE;
