//! Distributed checkpoints of PyTorch (DCP): `.metadata` says which slices of the files `__0_0.distcp` are which
//! boxes of which tensors.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::super::layout::{Format, Layout, Place};
use super::super::opened::Opened;
use super::super::stored::{Part, Source, Stored, TensorInfo, count};
use super::super::torch;
use crate::pickle::{Chunk, Machine, Planned, is_never, plan};
use crate::{Error, Result};

pub(super) static DISTRIBUTED: Format = Format {
    name: "a distributed checkpoint of PyTorch",
    is,
    layout,
    open,
    says_config: false,
};

const METADATA: &str = ".metadata";
/// The longest `.metadata` that is read.
const LONGEST: u64 = 256_000_000;
/// Folders of a checkpoint in which trainers put it: OLMo-core, accelerate, NeMo.
const INNER: [&str; 3] = ["model_and_optim", "pytorch_model_fsdp_0", "weights"];
/// What Megatron saves of all processes alike, its arguments among it.
const COMMON: &str = "common.pt";
/// Boxes of a tensor, where they are not rows: few devices share one tensor in two dimensions.
const MOST: usize = 4096;
/// What trainers save beside a model and its optimiser.
const BESIDE: [&str; 4] = ["train_state", "dataloader", "data_loader", "trainer_state"];

/// The folder with the plan.
fn folder(place: &Place<'_>) -> Option<PathBuf> {
    if place.has(METADATA) {
        return Some(place.path.into());
    }
    let names = INNER
        .iter()
        .filter(|name| place.names().any(|known| known == **name));
    let mut folders = names.map(|name| place.path.join(name));
    folders.find(|folder| folder.join(METADATA).is_file())
}

fn is(place: &Place<'_>) -> bool {
    place.file().is_none() && folder(place).is_some()
}

fn layout(place: &Place<'_>) -> Result<Layout> {
    let folder = folder(place).unwrap_or_else(|| place.path.into());
    let mut files = Place::of(&folder)?.files(|name| name.ends_with(".distcp"));
    files.insert(0, folder.join(METADATA));
    Ok(Layout {
        files,
        index: None,
        format: &DISTRIBUTED,
    })
}

fn refused(path: &Path, reason: String) -> Error {
    Error::Format {
        path: path.into(),
        format: DISTRIBUTED.name,
        reason,
    }
}

fn open(layout: &Layout) -> Result<Opened> {
    let Some((metadata, _)) = layout.files.split_first() else {
        return Ok(Opened::default());
    };
    let folder = metadata.parent().unwrap_or(Path::new(""));
    let mut slices = Slices {
        folder,
        opened: Opened::default(),
        places: BTreeMap::new(),
        taken: 0,
    };
    let mut left = Vec::new();
    for tensor in planned(metadata)? {
        match is_beside(&tensor.name) {
            true => left.push(tensor.name),
            false => slices.add(&tensor)?,
        }
    }
    slices.check_room()?;
    let mut opened = slices.opened;
    if opened.tensors.is_empty() {
        let reason = format!(
            "it has no tensor of a model; it has {} of optimisers and the like",
            left.len()
        );
        return Err(refused(metadata, reason));
    }
    without_model(&mut opened.tensors);
    let common = folder.join(COMMON);
    if common.is_file() {
        opened.said = torch::said(&common)?;
    }
    Ok(opened)
}

fn planned(metadata: &Path) -> Result<Vec<Planned>> {
    let io = |e| Error::io("read", metadata, e);
    let length = std::fs::metadata(metadata).map_err(io)?.len();
    if length > LONGEST {
        return Err(refused(
            metadata,
            format!("it has {length} bytes, more than {LONGEST}"),
        ));
    }
    let pickle = std::fs::read(metadata).map_err(io)?;
    outcrop_core::refuse_lfs_pointer(metadata, &pickle)?;
    let mut machine = Machine::new(&pickle);
    let root = machine.run().map_err(|e| torch::error(metadata, e))?;
    Ok(plan(&machine, root)
        .map_err(|e| torch::error(metadata, e))?
        .tensors)
}

/// Whether a tensor belongs to an optimiser, or to what else trainers save: its first name says so.
fn is_beside(name: &str) -> bool {
    let first = name.split(['.', '/']).next().unwrap_or(name);
    is_never(first) || BESIDE.contains(&first)
}

/// Takes off what stands before the names of all tensors of the model.
fn without_model(tensors: &mut [(String, Stored)]) {
    const PREFIX: &str = "model.";
    let mut of_modules = tensors.iter().filter(|(name, _)| name.contains('.'));
    if of_modules.all(|(name, _)| name.starts_with(PREFIX)) {
        for (name, _) in tensors {
            if let Some(rest) = name.strip_prefix(PREFIX) {
                *name = rest.to_owned();
            }
        }
    }
}

struct Slices<'a> {
    folder: &'a Path,
    opened: Opened,
    /// The places of files among those that are open.
    places: BTreeMap<String, usize>,
    /// Bytes of all slices.
    taken: u64,
}

impl Slices<'_> {
    /// Makes sure that slices are not taken again and again, for more memory than the files would need.
    fn check_room(&self) -> Result<()> {
        let mut held = 0;
        for (path, file) in &self.opened.files {
            let length = file
                .metadata()
                .map_err(|e| Error::io("read", path, e))?
                .len();
            held += length;
        }
        match self.taken <= held {
            true => Ok(()),
            false => {
                let reason = format!(
                    "its slices have {} bytes together, and its files {held}",
                    self.taken
                );
                Err(refused(self.folder, reason))
            }
        }
    }

    fn add(&mut self, tensor: &Planned) -> Result<()> {
        let named =
            |reason: String| refused(self.folder, format!("tensor `{}` {reason}", tensor.name));
        let mut parts = Vec::new();
        let mut boxes = Vec::new();
        for chunk in &tensor.chunks {
            boxes.push((chunk.offsets.clone(), chunk.shape.clone()));
        }
        covers(&tensor.shape, &boxes).map_err(named)?;
        let mut file = None;
        for chunk in &tensor.chunks {
            let stored = self.slice(chunk)?;
            let named = |reason: String| {
                refused(
                    &stored.info.file,
                    format!("tensor `{}` {reason}", tensor.name),
                )
            };
            if (stored.info.dtype, &stored.info.shape) != (tensor.dtype, &chunk.shape) {
                let (dtype, shape) = (stored.info.dtype, &stored.info.shape);
                return Err(named(format!(
                    "is to have {} {:?} there, and there is {dtype} {shape:?}",
                    tensor.dtype, chunk.shape
                )));
            }
            file.get_or_insert(stored.info.file);
            parts.push(Part {
                offsets: chunk.offsets.clone(),
                shape: chunk.shape.clone(),
                source: stored.source,
            });
        }
        parts.sort_by(|a, b| a.offsets.cmp(&b.offsets));
        let elements = count(&tensor.shape).unwrap_or(0);
        let source = match (parts.len(), parts.pop()) {
            (1, Some(only)) => only.source,
            (_, last) => {
                parts.extend(last);
                Source::Joined {
                    shape: tensor.shape.clone(),
                    parts,
                }
            }
        };
        let info = TensorInfo {
            shape: tensor.shape.clone(),
            dtype: tensor.dtype,
            file: file.unwrap_or_else(|| self.folder.into()),
            bytes: (elements * tensor.dtype.size()) as u64,
        };
        self.opened
            .tensors
            .push((tensor.name.clone(), Stored { info, source }));
        Ok(())
    }

    fn slice(&mut self, chunk: &Chunk) -> Result<Stored> {
        let place = self.file(&chunk.file)?;
        self.taken = self.taken.saturating_add(chunk.length);
        let (path, file) = &self.opened.files[place];
        torch::open_slice((path, file, place), (chunk.at, chunk.length))
    }

    fn file(&mut self, name: &str) -> Result<usize> {
        if let Some(place) = self.places.get(name) {
            return Ok(*place);
        }
        let parts: Vec<&str> = name.split('/').collect();
        let plain =
            |part: &&str| !matches!(*part, "" | "." | "..") && !part.contains(['\\', ':', '\0']);
        if !parts.iter().all(plain) {
            return Err(refused(
                self.folder,
                format!("it names the file `{name}`, which is none beside it"),
            ));
        }
        let path = self.folder.join(name);
        let file = File::open(&path).map_err(|e| Error::io("read", &path, e))?;
        let place = self.opened.files.len();
        self.opened.files.push((path, file));
        self.places.insert(name.to_owned(), place);
        Ok(place)
    }
}

/// A box: its place, and its extents.
type Box = (Vec<usize>, Vec<usize>);

/// Makes sure that boxes fill a shape, and none overlaps another.
fn covers(shape: &[usize], boxes: &[Box]) -> Result<(), String> {
    let mut filled = 0usize;
    for (offsets, extents) in boxes {
        let inside = offsets.len() == shape.len()
            && extents.len() == shape.len()
            && (offsets.iter().zip(extents).zip(shape)).all(|((offset, extent), all)| {
                offset.checked_add(*extent).is_some_and(|end| end <= *all)
            });
        let elements = count(extents).filter(|_| inside);
        let elements = elements.ok_or_else(|| format!("of shape {shape:?} has a box beyond it"))?;
        filled = filled.checked_add(elements).ok_or("is too large")?;
    }
    if Some(filled) != count(shape) {
        return Err(format!(
            "of shape {shape:?} has boxes of {filled} elements together; a part is missing"
        ));
    }
    if overlap(shape, boxes)? {
        return Err(format!("of shape {shape:?} has boxes that overlap"));
    }
    Ok(())
}

fn overlap(shape: &[usize], boxes: &[Box]) -> Result<bool, String> {
    let mut boxes: Vec<&Box> = boxes.iter().filter(|of| !of.1.contains(&0)).collect();
    boxes.sort();
    let is_rows = |of: &&Box| !shape.is_empty() && of.1[1..] == shape[1..];
    if boxes.iter().all(is_rows) {
        let meet = |pair: &[&Box]| pair[0].0[0] + pair[0].1[0] > pair[1].0[0];
        return Ok(boxes.windows(2).any(meet));
    }
    if boxes.len() > MOST {
        return Err(format!(
            "of shape {shape:?} has {} boxes, more than {MOST}",
            boxes.len()
        ));
    }
    let apart = |a: &Box, b: &Box| {
        (0..shape.len()).any(|i| a.0[i] + a.1[i] <= b.0[i] || b.0[i] + b.1[i] <= a.0[i])
    };
    let meets = |i: usize| boxes[i + 1..].iter().any(|other| !apart(boxes[i], other));
    Ok((0..boxes.len()).any(meets))
}
