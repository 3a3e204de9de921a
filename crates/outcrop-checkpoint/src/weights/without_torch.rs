//! In the place of `torch` where the feature `pytorch` is off.

use std::path::Path;

use super::opened::Opened;
use crate::{Error, Result};

/// Refuses PyTorch's file at `path`.
pub(super) fn open(path: &Path, _: usize, _: bool) -> Result<Opened> {
    Err(Error::PyTorch {
        path: path.into(),
        reason: "this program was built without outcrop-checkpoint's feature `pytorch`; build it with that, or \
                 save the weights as safetensors"
            .into(),
    })
}
