//! Weights as the Hugging Face hub has them, safetensors or PyTorch's, whole or in shards, and single files
//! of these of any name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use super::super::layout::{ADAPTER, Format, Layout, NAMES, Place, indexed, is_index};
use super::super::opened::Opened;
use super::super::stored::{Source, Stored, TensorInfo};
#[cfg(feature = "pytorch")]
use super::super::torch;
#[cfg(not(feature = "pytorch"))]
use super::super::without_torch as torch;
use crate::{DType, Error, Result, header};

pub(super) static PUBLISHED: Format = Format {
    name: "safetensors or PyTorch",
    is,
    layout,
    open,
    says_config: false,
};

pub(super) fn is(place: &Place<'_>) -> bool {
    place.file().is_some() || NAMES.iter().any(|name| place.has(name))
}

fn layout(place: &Place<'_>) -> Result<Layout> {
    if let Some(file) = place.file() {
        return match is_index(file) {
            true => indexed(file, &PUBLISHED),
            false => Ok(Layout::single(file, &PUBLISHED)),
        };
    }
    if place.has(ADAPTER[0]) {
        // transformers applies it to the weights beside it
        return Err(adapter(place, false));
    }
    weights(place)
}

/// The weights of a folder, whatever lies beside them.
pub(super) fn weights(place: &Place<'_>) -> Result<Layout> {
    let name = NAMES.iter().find(|name| place.has(name));
    let Some(file) = name.map(|name| place.path.join(name)) else {
        return Err(nothing(place));
    };
    match is_index(&file) {
        true => indexed(&file, &PUBLISHED),
        false => Ok(Layout::single(&file, &PUBLISHED)),
    }
}

fn adapter(place: &Place<'_>, alone: bool) -> Error {
    Error::Adapter {
        path: place.path.into(),
        alone,
    }
}

/// The error of a folder without weights.
pub(super) fn nothing(place: &Place<'_>) -> Error {
    match ADAPTER.iter().any(|name| place.has(name)) {
        true => adapter(place, true),
        false => Error::NoWeights {
            path: place.path.into(),
        },
    }
}

pub(super) fn open(layout: &Layout) -> Result<Opened> {
    let mut all = Opened::default();
    let mut held = Vec::new();
    for (place, path) in layout.files.iter().enumerate() {
        let opened = file(path, place, layout.index.is_some())?;
        all.files.extend(opened.files);
        all.said = opened.said;
        let notes = opened.notes.into_iter();
        let new: Vec<_> = notes.filter(|note| !all.notes.contains(note)).collect();
        all.notes.extend(new);
        held.push(opened.tensors);
    }
    if let Some((index, map)) = &layout.index {
        check_index(index, map, &held, &all.files)?;
    }
    all.tensors = held.into_iter().flatten().collect();
    Ok(all)
}

/// A file by itself, whose place among those that are open is `place`.
pub(super) fn file(path: &Path, place: usize, is_shard: bool) -> Result<Opened> {
    match path.extension().is_some_and(|e| e == "safetensors") {
        true => safetensors(path, place),
        false => torch::open(path, place, is_shard),
    }
}

fn safetensors(path: &Path, place: usize) -> Result<Opened> {
    let opened = header::open(path)?;
    let start = opened.start;
    let stored = |(name, info): (String, safetensors::tensor::TensorInfo)| {
        let Some(dtype) = DType::of(info.dtype) else {
            return Err(Error::Dtype {
                path: path.into(),
                tensor: name,
                dtype: info.dtype.to_string(),
            });
        };
        let (from, to) = info.data_offsets;
        let stored = Stored {
            source: Source::Run {
                file: place,
                at: start + from as u64,
                packing: None,
            },
            info: TensorInfo {
                shape: info.shape,
                dtype,
                file: path.into(),
                bytes: (to - from) as u64,
            },
        };
        Ok((name, stored))
    };
    let tensors: Result<_> = opened.tensors.into_iter().map(stored).collect();
    Ok(Opened {
        files: vec![(path.into(), opened.file)],
        tensors: tensors?,
        ..Opened::default()
    })
}

/// Makes sure that every tensor that an index lists is in the shard that it names. What a shard holds
/// and the index does not list is read too, as PyTorch and transformers do.
fn check_index(
    index: &Path,
    map: &BTreeMap<String, usize>,
    held: &[Vec<(String, Stored)>],
    files: &[(PathBuf, File)],
) -> Result<()> {
    let names = |tensors: &'_ Vec<(String, Stored)>| {
        let names = tensors.iter().map(|(name, _)| name.clone());
        names.collect::<BTreeSet<_>>()
    };
    let held: Vec<BTreeSet<String>> = held.iter().map(names).collect();
    let absent = map
        .iter()
        .find(|(name, place)| !held[**place].contains(*name));
    let Some((name, place)) = absent else {
        return Ok(());
    };
    let shard = files[*place].0.file_name().unwrap_or_default();
    Err(Error::Index {
        path: index.into(),
        reason: format!(
            "`weight_map` places tensor `{name}` in `{}`, which has none of that name",
            shard.to_string_lossy()
        ),
    })
}
