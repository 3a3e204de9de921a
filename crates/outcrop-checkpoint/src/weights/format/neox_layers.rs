//! GPT-NeoX: a file for each layer, `layer_02-model_00-model_states.pt`, and one for each tensor-parallel part of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::layout::{Format, Layout, Place};
use super::super::opened::Opened;
use super::super::stored::Stored;
#[cfg(feature = "pytorch")]
use super::super::torch;
#[cfg(not(feature = "pytorch"))]
use super::super::without_torch as torch;
use crate::{Error, Result};

pub(super) static NEOX_LAYERS: Format = Format {
    name: "layers of GPT-NeoX",
    is,
    layout,
    open,
    says_config: false,
};

/// The number of a layer and that of a part in the name of a file.
fn numbers(name: &str) -> Option<(u32, u32)> {
    let rest = name
        .strip_prefix("layer_")?
        .strip_suffix("-model_states.pt")?;
    let (layer, part) = rest.split_once("-model_")?;
    Some((layer.parse().ok()?, part.parse().ok()?))
}

fn files(place: &Place<'_>) -> Vec<PathBuf> {
    place.files(|name| numbers(name).is_some())
}

fn is(place: &Place<'_>) -> bool {
    place.names().any(|name| numbers(name).is_some())
}

fn layout(place: &Place<'_>) -> Result<Layout> {
    Ok(Layout {
        files: files(place),
        index: None,
        format: &NEOX_LAYERS,
    })
}

fn refused(path: &Path, reason: String) -> Error {
    Error::Format {
        path: path.into(),
        format: NEOX_LAYERS.name,
        reason,
    }
}

fn open(layout: &Layout) -> Result<Opened> {
    let mut all = Opened::default();
    let mut layers: BTreeMap<u32, Vec<Vec<(String, Stored)>>> = BTreeMap::new();
    for (place, path) in layout.files.iter().enumerate() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some((layer, part)) = numbers(&name) else {
            continue;
        };
        let parts = layers.entry(layer).or_default();
        if parts.len() != part as usize {
            return Err(refused(
                path,
                format!("part {} of its layer is missing", parts.len()),
            ));
        }
        let opened = torch::open(path, place, true)?;
        parts.push(opened.tensors);
        all.files.extend(opened.files);
    }
    let folder = layout
        .files
        .first()
        .and_then(|file| file.parent())
        .unwrap_or(Path::new(""));
    let parts = layers.values().map(Vec::len).max().unwrap_or(0);
    if let Some((layer, held)) = layers.iter().find(|(_, held)| held.len() != parts) {
        let reason = format!(
            "layer {layer} has {} parts, and others have {parts}",
            held.len()
        );
        return Err(refused(folder, reason));
    }
    let first = layers
        .keys()
        .find(|layer| **layer > 0)
        .copied()
        .unwrap_or(0);
    for (layer, parts) in &layers {
        for (name, stored) in &parts[0] {
            let Some(named) = named(name, layer.saturating_sub(first)) else {
                continue;
            };
            let others = parts
                .iter()
                .map(|part| part.iter().find(|(other, _)| other == name));
            let of_all: Option<Vec<Stored>> = others.map(|found| Some(found?.1.clone())).collect();
            let joined = of_all.ok_or_else(|| "is not in all parts of its layer".into());
            let joined = joined.and_then(|of_all| join(name, &of_all));
            let joined = joined.map_err(|reason: String| {
                refused(&stored.info.file, format!("tensor `{name}` {reason}"))
            })?;
            all.tensors.push((named, joined));
        }
    }
    Ok(all)
}

/// The name in transformers of a tensor in the file of a layer, from 0 for the first block; none for what is no
/// weight.
fn named(name: &str, layer: u32) -> Option<String> {
    Some(match name {
        "word_embeddings.weight" => "gpt_neox.embed_in.weight".into(),
        "norm.weight" => "gpt_neox.final_layer_norm.weight".into(),
        "norm.bias" => "gpt_neox.final_layer_norm.bias".into(),
        "final_linear.weight" => "embed_out.weight".into(),
        _ if name.ends_with(".rotary_emb.inv_freq") => return None,
        _ => format!("gpt_neox.layers.{layer}.{name}"),
    })
}

/// What each part has rows of: outputs of a projection, words.
const ROWS: [&str; 4] = [
    "word_embeddings",
    "final_linear",
    "attention.query_key_value",
    "mlp.dense_h_to_4h",
];
/// What each part has columns of: inputs of a projection, whose biases are to be added up.
const COLUMNS: [&str; 2] = ["attention.dense", "mlp.dense_4h_to_h"];

fn join(name: &str, parts: &[Stored]) -> Result<Stored, String> {
    if let [only] = parts {
        return Ok(only.clone());
    }
    let (module, part) = name.rsplit_once('.').unwrap_or((name, ""));
    match (ROWS.contains(&module), COLUMNS.contains(&module), part) {
        (true, _, _) => Stored::joined(parts, 0),
        (_, true, "weight") => Stored::joined(parts, 1),
        (_, true, _) => Stored::sum(parts),
        // norms, of which every part has a copy
        _ => Stored::mean(parts),
    }
}
