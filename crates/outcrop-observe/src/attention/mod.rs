//! Attention weights of one head: how spread they are, and which keys receive them.

mod argmax;
mod entropy;
mod received;

pub(crate) use argmax::ARGMAX;
pub(crate) use entropy::ENTROPY;
pub(crate) use received::RECEIVED;
pub use received::{SinkConvention, sink_keys, sink_keys_of};
