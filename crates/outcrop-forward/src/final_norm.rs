use outcrop_block::{Loss, Weight};

use crate::weights::Reader;
use crate::{Published, Result};

/// The norm behind the last block.
#[derive(Debug)]
pub(crate) struct FinalNorm<'a> {
    loss: &'a Loss,
    weights: Vec<Weight>,
}

impl<'a> FinalNorm<'a> {
    /// Reads its weights; none for a model without such a norm, or of images.
    ///
    /// # Errors
    /// [`crate::Error::Checkpoint`].
    pub(crate) fn new(model: &'a Published) -> Result<Option<Self>> {
        let Ok(loss) = model.loss() else {
            return Ok(None);
        };
        if !loss.has_norm() {
            return Ok(None);
        }
        let reader = Reader { model, layer: None };
        let weights = reader.read(loss.before())?;
        Ok(Some(Self { loss, weights }))
    }

    /// What it gives for `hidden` [positions, d_model], of the same shape, in the memory of `room`.
    pub(crate) fn of(&self, hidden: &[f32], mut room: Vec<f32>) -> Vec<f32> {
        room.clear();
        room.extend_from_slice(hidden);
        self.loss.normed(&self.weights, room)
    }
}
