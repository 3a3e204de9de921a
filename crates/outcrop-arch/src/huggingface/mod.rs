//! Hugging Face `config.json`, in and out.

mod ours;
mod read;
mod write;

use super::{ArchSpec, Family};
use crate::Result;

/// What a Hugging Face `config.json` describes.
#[derive(Clone, Debug, PartialEq)]
pub struct HuggingFace {
    /// The architecture. Its `init` is the default: a published checkpoint does not need it.
    pub arch: ArchSpec,
    /// How its weights are named and laid out.
    pub family: &'static Family,
}

impl ArchSpec {
    /// The architecture that a `config.json` describes; see [`HuggingFace::parse`], which also
    /// tells how the weights are stored.
    ///
    /// # Errors
    /// As [`HuggingFace::parse`].
    pub fn from_huggingface(text: &str, context: &str) -> Result<Self> {
        HuggingFace::parse(text, context).map(|read| read.arch)
    }
}
