//! PyTorch's files: a pickle that describes tensors, and the storages in which they lie.

mod archive;
mod legacy;
mod slice;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use outcrop_core::refuse_lfs_pointer;
use zip::ZipArchive;

use self::archive::Entries;
use self::slice::Slice;
use super::opened::Opened;
use super::stored::{Source, Stored, TensorInfo, View, is_contiguous, span};
use crate::pickle::{Machine, Pickled, Refusal, StateDict, find_model, plain, single};
use crate::{Error, Result};

/// The longest pickle that is read.
const MAX_PICKLE: u64 = 100_000_000;

/// The first byte of a storage in the file and how many there are, by the storage's key.
type Places<'a> = dyn FnMut(&str) -> Result<Option<(u64, u64)>, String> + 'a;

/// Opens a file, which is one of the shards that an index lists or all there is. `place` is its place
/// among those that are open.
pub(super) fn open(path: &Path, place: usize, is_shard: bool) -> Result<Opened> {
    let io = |e| Error::io("read", path, e);
    let refused = |reason: String| Error::PyTorch {
        path: path.into(),
        reason,
    };
    let refusal = |refusal| error(path, refusal);
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let mut head = Vec::new();
    (&file).take(1024).read_to_end(&mut head).map_err(io)?;
    refuse_lfs_pointer(path, &head)?;
    let of = Of {
        path,
        place,
        length,
    };
    let (model, said, tensors) = if head.starts_with(b"PK") {
        let slice = Slice::new(&file, 0, length);
        let mut entries = entries(slice).map_err(refused)?;
        let pickle = entries.pickle().map_err(refused)?;
        let mut machine = Machine::new(&pickle);
        let root = machine.run().map_err(refusal)?;
        let model = find_model(&machine, root, is_shard);
        let model = model.map_err(refusal)?;
        let said = plain(&machine, root);
        let tensors = of.tensors(&model, &mut |key| entries.place(&format!("data/{key}")));
        (model, said, tensors)
    } else if legacy::begins(&head) {
        let (model, said, places) = legacy::read(&file, length, is_shard).map_err(refusal)?;
        let tensors = of.tensors(&model, &mut |key| Ok(places.get(key).copied()));
        (model, said, tensors)
    } else {
        let reason = "it is no zip archive; it is cut short, or nothing that `torch.save` wrote";
        return Err(refused(reason.into()));
    };
    Ok(Opened {
        tensors: tensors.map_err(refused)?,
        files: vec![(path.into(), file)],
        notes: model.note.into_iter().collect(),
        said,
        ..Opened::default()
    })
}

/// What a zip archive of PyTorch says beside tensors, whether it has a model or not.
pub(super) fn said(path: &Path) -> Result<serde_json::Value> {
    let io = |e| Error::io("read", path, e);
    let refused = |reason: String| Error::PyTorch {
        path: path.into(),
        reason,
    };
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let mut entries = entries(Slice::new(&file, 0, length)).map_err(refused)?;
    let pickle = entries.pickle().map_err(refused)?;
    let mut machine = Machine::new(&pickle);
    let root = machine.run().map_err(|refusal| error(path, refusal))?;
    Ok(plain(&machine, root))
}

/// The refusal of a pickle as an error of its file.
pub(super) fn error(path: &Path, refusal: Refusal) -> Error {
    let refused = |reason: String| Error::PyTorch {
        path: path.into(),
        reason,
    };
    match refusal {
        Refusal::Global(name) => Error::Forbidden {
            path: path.into(),
            name,
        },
        Refusal::CutShort => refused("its pickle ends in the middle".into()),
        Refusal::Other(reason) => refused(reason),
    }
}

fn entries(slice: Slice<'_>) -> Result<Entries<'_>, String> {
    let length = slice.length();
    let archive = ZipArchive::new(BufReader::new(slice));
    let archive = archive.map_err(|e| format!("its zip archive is invalid: {e}"))?;
    Entries::of(archive, length)
}

/// The one tensor that `torch.save` wrote into a slice of a file: the `length` bytes from `at` on.
pub(super) fn open_slice(
    (path, file, place): (&Path, &File, usize),
    (at, length): (u64, u64),
) -> Result<Stored> {
    let refused = |reason: String| Error::PyTorch {
        path: path.into(),
        reason: format!("its slice at {at} of {length} bytes: {reason}"),
    };
    let held = file
        .metadata()
        .map_err(|e| Error::io("read", path, e))?
        .len();
    if at.checked_add(length).is_none_or(|end| end > held) {
        return Err(refused(format!(
            "it reaches beyond the file of {held} bytes, which is cut short"
        )));
    }
    let mut entries = entries(Slice::new(file, at, length)).map_err(refused)?;
    let pickle = entries.pickle().map_err(refused)?;
    let mut machine = Machine::new(&pickle);
    let root = machine.run().map_err(|e| error(path, e))?;
    let tensor = single(&machine, root).map_err(|e| error(path, e))?;
    let of = Of {
        path,
        place,
        length,
    };
    let mut room = length;
    let mut places = |key: &str| {
        let found = entries.place(&format!("data/{key}"))?;
        Ok(found.map(|(start, size)| (at + start, size)))
    };
    let stored = of.stored(tensor, &mut places, &mut room);
    stored.map_err(|reason| refused(format!("its tensor {reason}")))
}

/// The file whose tensors are placed.
struct Of<'a> {
    path: &'a Path,
    place: usize,
    /// In bytes.
    length: u64,
}

impl Of<'_> {
    fn tensors(
        &self,
        model: &StateDict,
        places: &mut Places<'_>,
    ) -> Result<Vec<(String, Stored)>, String> {
        // What tensors with elements that overlap may have together; few bytes claim many.
        let mut room = self.length;
        let stored = model.tensors.iter().map(|(name, pickled)| {
            let stored = self.stored(pickled.clone(), places, &mut room);
            let stored = stored.map_err(|reason| format!("tensor `{name}` {reason}"))?;
            Ok((name.clone(), stored))
        });
        stored.collect()
    }

    /// The place of a tensor in the file, with every claim checked against it.
    fn stored(
        &self,
        mut pickled: Pickled,
        places: &mut Places<'_>,
        room: &mut u64,
    ) -> Result<Stored, String> {
        // What is never stepped over may have any stride.
        let steps = pickled.strides.iter_mut().zip(&pickled.shape);
        steps
            .filter(|(_, extent)| **extent < 2)
            .for_each(|(stride, _)| *stride = 0);
        let Pickled {
            shape,
            strides,
            key,
            ..
        } = &pickled;
        let size = pickled.dtype.size() as u64;
        let (start, held) =
            places(key)?.ok_or_else(|| format!("is in `data/{key}`, which is missing"))?;
        if held != pickled.storage_bytes {
            return Err(format!(
                "is in `data/{key}`, which has {held} bytes, not {}",
                pickled.storage_bytes
            ));
        }
        let elements = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d));
        let span = span(shape, strides).map(|span| span as u64);
        let bytes = |n: u64| n.checked_mul(size);
        let end = span.and_then(|span| bytes(pickled.offset.checked_add(span)?));
        let (Some(elements), Some(span), Some(_)) = (elements, span, end.filter(|e| *e <= held))
        else {
            return Err(format!(
                "of shape {shape:?}, strides {strides:?} and offset {} reaches beyond its storage \
                 of {held} bytes",
                pickled.offset
            ));
        };
        if elements as u64 > span {
            *room = bytes(elements as u64)
                .and_then(|bytes| room.checked_sub(bytes))
                .ok_or_else(|| {
                    format!(
                        "of shape {shape:?} and strides {strides:?} has elements that overlap, more \
                         than the file has; save its `.contiguous()` copy"
                    )
                })?;
        }
        let run = Source::Run {
            file: self.place,
            at: start + pickled.offset * size,
            packing: None,
        };
        Ok(Stored {
            source: match is_contiguous(shape, strides) {
                true => run,
                false => {
                    let view = View {
                        first: 0,
                        shape: shape.clone(),
                        strides: pickled.strides,
                    };
                    Source::Strewn(Box::new(run), view)
                }
            },
            info: TensorInfo {
                bytes: elements as u64 * size,
                shape: pickled.shape,
                dtype: pickled.dtype,
                file: self.path.into(),
            },
        })
    }
}
