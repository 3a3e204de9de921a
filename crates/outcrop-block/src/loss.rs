//! The last norm, the unembedding and the mean cross-entropy.

use outcrop_arch::Section;

use crate::compile::{End, end};
use crate::{Input, Result};

/// The section after the blocks, ready to compute the mean cross-entropy of next tokens.
#[derive(Clone, Debug)]
pub struct Loss {
    pub(crate) end: End,
}

impl Loss {
    /// Of the section of a plan that stands after the blocks.
    ///
    /// # Errors
    /// [`Error::Lack`](crate::Error::Lack) for other steps than one norm and the unembedding,
    /// [`Error::Part`](crate::Error::Part) for a step without its weight.
    pub fn new(section: &Section) -> Result<Self> {
        Ok(Self { end: end(section)? })
    }

    /// The tensors that it takes, in order: gain and shift of the norm, where there are such, and the
    /// unembedding [d_model, vocab]; its role is the token embedding's where they are tied.
    pub fn inputs(&self) -> &[Input] {
        &self.end.inputs
    }
}
