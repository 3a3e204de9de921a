//! Hugging Face settings and the names of weights, against transformers and published models.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod files;
mod fixtures;
mod images;
mod published;
mod refused;
mod tensors;
mod versions;
mod written;
