//! Whether classes of sequences lie apart, and how soon.

mod separation;
mod threshold;

pub(crate) use separation::SEPARATION;
pub use threshold::{ConceptSpeed, concept_speed};
