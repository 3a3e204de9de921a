//! Weights for llama.cpp (GGUF): one file with metadata and tensors, many of them quantised.

mod families;
mod header;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use outcrop_core::refuse_lfs_pointer;

use self::families::{FREQUENCIES, Names};
use self::header::{Header, Info, MAGIC};
use super::super::layout::{Format, Layout, Place};
use super::super::opened::Opened;
use super::super::stored::{Source, Stored, TensorInfo, read_exact_at};
use crate::{DType, Error, Result};

pub(super) static GGUF: Format = Format {
    name: "GGUF",
    is,
    layout,
    open,
    says_config: true,
};

const ENDING: &str = ".gguf";
/// Pairs of channels of a head.
const MOST_PAIRS: usize = 4096;

/// What lies beside a model and is none: projectors of images, vectors of control.
fn files(place: &Place<'_>) -> Vec<PathBuf> {
    place.files(|name| name.ends_with(ENDING) && !name.starts_with("mmproj"))
}

fn is(place: &Place<'_>) -> bool {
    match place.file() {
        Some(file) => file.extension().is_some_and(|e| e == "gguf") || begins(file),
        None => !files(place).is_empty(),
    }
}

fn begins(path: &Path) -> bool {
    let mut head = [0; MAGIC.len()];
    File::open(path).is_ok_and(|mut file| file.read_exact(&mut head).is_ok()) && head == MAGIC
}

fn layout(place: &Place<'_>) -> Result<Layout> {
    if let Some(file) = place.file() {
        return Ok(Layout::single(file, &GGUF));
    }
    match &files(place)[..] {
        [file] => Ok(Layout::single(file, &GGUF)),
        several => {
            let name = |path: &PathBuf| {
                path.file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned()
            };
            let names: Vec<String> = several.iter().map(name).collect();
            Err(refused(
                place.path,
                format!(
                    "it has {} files of weights: {}; give one of them",
                    several.len(),
                    names.join(", ")
                ),
            ))
        }
    }
}

fn refused(path: &Path, reason: String) -> Error {
    Error::Format {
        path: path.into(),
        format: GGUF.name,
        reason,
    }
}

fn open(layout: &Layout) -> Result<Opened> {
    let Some(path) = layout.files.first() else {
        return Ok(Opened::default());
    };
    let io = |e| Error::io("read", path, e);
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let mut head = Vec::new();
    (&file).take(1024).read_to_end(&mut head).map_err(io)?;
    refuse_lfs_pointer(path, &head)?;
    let header = header::read(&file, length, path).map_err(|reason| refused(path, reason))?;
    if header
        .metadata
        .get("split.count")
        .and_then(serde_json::Value::as_u64)
        > Some(1)
    {
        let reason =
            "it is one of several parts; join them with llama.cpp's `llama-gguf-split --merge`";
        return Err(refused(path, reason.into()));
    }
    let names = Names::of(&header).map_err(|reason| refused(path, reason))?;
    let mut tensors = Vec::new();
    for info in &header.tensors {
        let named = names.named(info, stored(info, path));
        let named =
            named.map_err(|reason| refused(path, format!("tensor `{}` {reason}", info.name)))?;
        tensors.extend(named);
    }
    let factors = factors(&file, &header).map_err(io)?;
    let config = names.config(&header, factors.as_deref());
    Ok(Opened {
        files: vec![(path.clone(), file)],
        tensors,
        config: Some(config),
        notes: packed(&header).into_iter().collect(),
        ..Opened::default()
    })
}

/// What the rotary frequencies are divided by, where the file says it and has a number for each pair of channels.
fn factors(file: &File, header: &Header) -> std::io::Result<Option<Vec<f32>>> {
    let Some(info) = header.tensors.iter().find(|info| info.name == FREQUENCIES) else {
        return Ok(None);
    };
    let ([pairs @ 1..=MOST_PAIRS], DType::F32, None) = (&info.shape[..], info.dtype, info.packing)
    else {
        return Ok(None);
    };
    let mut bytes = vec![0; 4 * pairs];
    read_exact_at(file, &mut bytes, info.at)?;
    let numbers = bytes.as_chunks::<4>().0.iter();
    Ok(Some(
        numbers.map(|bytes| f32::from_le_bytes(*bytes)).collect(),
    ))
}

fn stored(info: &Info, path: &Path) -> Stored {
    let elements: usize = info.shape.iter().product();
    Stored {
        source: Source::Run {
            file: 0,
            at: info.at,
            packing: info.packing,
        },
        info: TensorInfo {
            shape: info.shape.clone(),
            dtype: info.dtype,
            file: path.into(),
            bytes: elements as u64 * info.dtype.size() as u64,
        },
    }
}

/// How many tensors are quantised, and how.
fn packed(header: &Header) -> Option<String> {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for packing in header.tensors.iter().filter_map(|info| info.packing) {
        *counts.entry(packing.name).or_default() += 1;
    }
    let words: Vec<String> = counts
        .iter()
        .map(|(name, n)| format!("{n} of {name}"))
        .collect();
    (!words.is_empty()).then(|| {
        format!(
            "{} of {} tensors are quantised ({}): the model is the one that these numbers give, not the one \
             from which they were rounded",
            counts.values().sum::<usize>(),
            header.tensors.len(),
            words.join(", ")
        )
    })
}
