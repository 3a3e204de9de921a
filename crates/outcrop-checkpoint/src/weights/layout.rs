//! Which files of a folder hold its weights.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use outcrop_core::refuse_lfs_pointer;

use crate::unique::Unique;
use crate::{Error, Result};

/// The longest index that is read.
const MAX_INDEX: u64 = 100_000_000;

/// The weight files of a checkpoint.
#[derive(Debug, PartialEq)]
pub(crate) struct Layout {
    /// In the order of their names.
    pub(crate) files: Vec<PathBuf>,
    /// The index, and for each tensor the place of its file among `files`; none for a single file.
    pub(crate) index: Option<(PathBuf, BTreeMap<String, usize>)>,
}

/// The names under which weights are looked for, in this order.
pub(crate) const NAMES: [&str; 4] = [
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
];

/// What a PEFT adapter is stored as.
const ADAPTER: [&str; 3] = [
    "adapter_config.json",
    "adapter_model.safetensors",
    "adapter_model.bin",
];

/// Whether a folder has weights under one of [`NAMES`].
pub(crate) fn has_weights(folder: &Path) -> bool {
    NAMES.iter().any(|name| folder.join(name).is_file())
}

/// The weight files of a folder, or a file itself, by its ending.
pub(crate) fn layout(path: &Path) -> Result<Layout> {
    if path.is_file() {
        return match is_index(path) {
            true => indexed(path),
            false => Ok(single(path)),
        };
    }
    // What cannot be read is told as such, not as empty.
    std::fs::read_dir(path).map_err(|e| Error::io("read folder", path, e))?;
    let has = |name: &str| path.join(name).is_file();
    let adapter = |alone| Error::Adapter {
        path: path.into(),
        alone,
    };
    match NAMES
        .iter()
        .find(|name| has(name))
        .map(|name| path.join(name))
    {
        // transformers applies it to the weights beside it
        Some(_) if has(ADAPTER[0]) => Err(adapter(false)),
        Some(file) if is_index(&file) => indexed(&file),
        Some(file) => Ok(single(&file)),
        None if ADAPTER.iter().any(|name| has(name)) => Err(adapter(true)),
        None => Err(Error::NoWeights { path: path.into() }),
    }
}

pub(crate) fn is_index(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".index.json")
}

fn single(file: &Path) -> Layout {
    Layout {
        files: vec![file.into()],
        index: None,
    }
}

#[derive(serde::Deserialize)]
struct Index {
    weight_map: Unique<String>,
}

/// The tensors that an index lists and their files' names, each of which is a plain one.
pub(crate) fn weight_map(path: &Path) -> Result<Vec<(String, String)>> {
    let io = |e| Error::io("read", path, e);
    let refused = |reason: String| Error::Index {
        path: path.into(),
        reason,
    };
    let length = std::fs::metadata(path).map_err(io)?.len();
    if length > MAX_INDEX {
        let reason = format!("it has {length} bytes, more than {MAX_INDEX}");
        return Err(refused(reason));
    }
    let text = std::fs::read(path).map_err(io)?;
    refuse_lfs_pointer(path, &text)?;
    let index: Index = serde_json::from_slice(&text).map_err(|e| refused(e.to_string()))?;
    let map = index.weight_map.members;
    let plain =
        |name: &str| !matches!(name, "" | "." | "..") && !name.contains(['/', '\\', ':', '\0']);
    if let Some((_, name)) = map.iter().find(|(_, name)| !plain(name)) {
        let reason = format!("`weight_map` names `{name}`, which is not a file beside it");
        return Err(refused(reason));
    }
    match map.is_empty() {
        false => Ok(map),
        true => Err(refused("`weight_map` is empty".into())),
    }
}

fn indexed(path: &Path) -> Result<Layout> {
    let map = weight_map(path)?;
    let mut places: BTreeMap<&str, usize> = map.iter().map(|(_, f)| (f.as_str(), 0)).collect();
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut files = Vec::new();
    for (place, (name, at)) in places.iter_mut().enumerate() {
        let file = folder.join(name);
        if !file.is_file() {
            return Err(Error::Index {
                path: path.into(),
                reason: format!("`weight_map` names `{name}`, which is missing"),
            });
        }
        *at = place;
        files.push(file);
    }
    let tensors = map.iter().map(|(n, f)| (n.clone(), places[f.as_str()]));
    let tensors = tensors.collect();
    Ok(Layout {
        files,
        index: Some((path.into(), tensors)),
    })
}
