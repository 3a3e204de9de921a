//! What a representation tells about labels.

mod entropy;
mod mutual;
mod project;

pub use entropy::{differential_entropy, mutual_information};
pub(crate) use mutual::MUTUAL;
