//! Folders in which trainers leave a file of PyTorch under a name of their own.

use std::path::{Path, PathBuf};

use super::super::layout::{Format, Layout, Place};
use super::published;
use crate::{Error, Result};

pub(super) static TRAINER_FILES: Format = Format {
    name: "a trainer's file of PyTorch",
    is,
    layout,
    open: published::open,
    says_config: false,
};

/// A file with a whole model, and who calls it so.
struct Kept {
    name: &'static str,
    /// Ends of the names of files beside it that hold other parts of the model, and how to join them.
    parts: Option<(&'static str, &'static str)>,
}

const MEGATRON: &str = "convert it with Megatron's `tools/checkpoint/convert.py` to one rank, or save it as `torch_dist`";

/// What is known: litgpt, nanoGPT, DeepSpeed, Megatron, torchtune, whose only shard has no index.
const KEPT: [Kept; 5] = [
    Kept {
        name: "lit_model.pth",
        parts: None,
    },
    Kept {
        name: "ckpt.pt",
        parts: None,
    },
    Kept {
        name: "mp_rank_00_model_states.pt",
        parts: Some((
            "_model_states.pt",
            "join them with `python zero_to_fp32.py DIR NEW` (ZeRO-3), or with the converter of the trainer",
        )),
    },
    Kept {
        name: "mp_rank_00/model_optim_rng.pt",
        parts: Some(("mp_rank_", MEGATRON)),
    },
    Kept {
        name: "model-00001-of-00001.bin",
        parts: None,
    },
];

fn kept(place: &Place<'_>) -> Option<(&'static Kept, PathBuf)> {
    let path = |kept: &'static Kept| (kept, place.path.join(kept.name));
    let mut all = KEPT.iter().map(path);
    all.find(|(_, path)| place.file().is_none() && path.is_file())
}

fn is(place: &Place<'_>) -> bool {
    kept(place).is_some()
}

fn layout(place: &Place<'_>) -> Result<Layout> {
    let Some((kept, path)) = kept(place) else {
        return Err(published::nothing(place));
    };
    if let Some((sign, way_out)) = kept.parts {
        let first = Path::new(kept.name)
            .iter()
            .next()
            .unwrap_or_default()
            .to_string_lossy();
        let is_part =
            |name: &&str| (name.starts_with(sign) || name.ends_with(sign)) && *name != first;
        let others: Vec<&str> = place.names().filter(is_part).collect();
        if let Some(other) = others.first() {
            return Err(Error::Format {
                path: place.path.into(),
                format: TRAINER_FILES.name,
                reason: format!(
                    "beside `{first}` are {} more parts of the model, as `{other}`; {way_out}",
                    others.len()
                ),
            });
        }
    }
    Ok(Layout::single(&path, &TRAINER_FILES))
}
