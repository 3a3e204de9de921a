//! PyTorch's archives: a zip whose `data.pkl` says where in `data/KEY` each tensor lies.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::{CompressionMethod, ZipArchive};

use super::stored::{Stored, TensorInfo, is_contiguous, span};
use crate::pickle::{Pickled, Refusal, state_dict};
use crate::{Error, Result};

/// The longest pickle that is read.
const MAX_PICKLE: u64 = 100_000_000;
/// How a pickle begins that `torch.save` wrote before it wrote archives.
const LEGACY: [u8; 14] = *b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19";

type Archive = ZipArchive<BufReader<File>>;

/// The tensors of an archive by name. `place` is that of its file among those that are open.
pub(super) fn open(path: &Path, place: usize) -> Result<(File, Vec<(String, Stored)>)> {
    let io = |e| Error::io("read", path, e);
    let refused = |reason: String| Error::PyTorch {
        path: path.into(),
        reason,
    };
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let mut head = Vec::new();
    (&file).take(14).read_to_end(&mut head).map_err(io)?;
    if !head.starts_with(b"PK") {
        return Err(refused(no_archive(&head)));
    }
    let reader = BufReader::new(File::open(path).map_err(io)?);
    let archive = ZipArchive::new(reader)
        .map_err(|e| refused(format!("its zip archive does not hold: {e}")))?;
    let mut entries = Entries::of(archive, length).map_err(refused)?;
    let pickle = entries.pickle().map_err(refused)?;
    let saved = state_dict(&pickle).map_err(|refusal| match refusal {
        Refusal::Global(name) => Error::Forbidden {
            path: path.into(),
            name,
        },
        Refusal::Other(reason) => refused(reason),
    })?;
    let mut tensors = Vec::with_capacity(saved.len());
    for (name, pickled) in saved {
        let stored = entries.stored(pickled, path, place);
        let stored = stored.map_err(|reason| refused(format!("tensor `{name}` {reason}")))?;
        tensors.push((name, stored));
    }
    Ok((file, tensors))
}

fn no_archive(head: &[u8]) -> String {
    if head == LEGACY {
        "it is in the format of before PyTorch 1.6, a pickle alone; bring it up to date with \
         `torch.save(torch.load(PATH, weights_only=True), PATH)`"
            .into()
    } else if head.starts_with(b"version https:") {
        "it is a pointer that Git LFS left in place of the file; `git lfs pull` fetches it".into()
    } else {
        "it is no zip archive; it is cut short, or nothing that `torch.save` wrote".into()
    }
}

struct Entries {
    archive: Archive,
    /// The folder inside the archive under which all lies, with its `/`.
    prefix: String,
    /// Of the file, in bytes.
    length: u64,
}

impl Entries {
    fn of(archive: Archive, length: u64) -> Result<Self, String> {
        if archive.has_duplicate_names() {
            return Err("its zip archive has two entries of one name".into());
        }
        let names = archive.file_names().flatten();
        let mut prefixes = names.filter_map(|name| {
            let prefix = name.strip_suffix("data.pkl")?;
            let folder = prefix.strip_suffix('/')?;
            (!folder.contains('/')).then(|| prefix.to_owned())
        });
        let (first, second) = (prefixes.next(), prefixes.next());
        drop(prefixes);
        match (first, second) {
            (Some(prefix), None) => Ok(Self {
                archive,
                prefix,
                length,
            }),
            (None, _) => Err("its zip archive has no `data.pkl`".into()),
            _ => Err("its zip archive has several `data.pkl`".into()),
        }
    }

    /// Where the bytes of an entry begin, and how many there are, if it is stored as it is.
    fn place(&mut self, name: &str) -> Result<Option<(u64, u64)>, String> {
        let name = format!("{}{name}", self.prefix);
        let Some(index) = self.archive.index_for_name(&name) else {
            return Ok(None);
        };
        let entry = self.archive.by_index_raw(index);
        let entry = entry.map_err(|e| format!("`{name}` does not hold: {e}"))?;
        if entry.compression() != CompressionMethod::Stored || entry.encrypted() {
            let reason = "is compressed or encrypted, which PyTorch never does";
            return Err(format!("`{name}` {reason}"));
        }
        let (size, start) = (entry.size(), entry.data_start().unwrap_or(u64::MAX));
        let end = start.checked_add(size).filter(|end| *end <= self.length);
        if size != entry.compressed_size() || end.is_none() {
            let reason = "claims to reach beyond the file, which is cut short";
            return Err(format!("`{name}` of {size} bytes {reason}"));
        }
        Ok(Some((start, size)))
    }

    fn small(&mut self, name: &str, most: u64) -> Result<Option<Vec<u8>>, String> {
        let Some((_, size)) = self.place(name)? else {
            return Ok(None);
        };
        if size > most {
            return Err(format!("`{name}` has {size} bytes, more than {most}"));
        }
        let name = format!("{}{name}", self.prefix);
        let mut bytes = Vec::with_capacity(size as usize);
        let entry = self.archive.by_name(&name);
        let entry = entry.map_err(|e| format!("`{name}` does not hold: {e}"))?;
        let read = entry.take(size).read_to_end(&mut bytes);
        read.map_err(|e| format!("`{name}` does not hold: {e}"))?;
        Ok(Some(bytes))
    }

    fn pickle(&mut self) -> Result<Vec<u8>, String> {
        match self.small("byteorder", 16)?.as_deref() {
            None | Some(b"little") => {}
            Some(order) => {
                let order = String::from_utf8_lossy(order);
                return Err(format!("its `byteorder` is `{order}`, not `little`"));
            }
        }
        let pickle = self.small("data.pkl", MAX_PICKLE)?;
        pickle.ok_or_else(|| "its zip archive has no `data.pkl`".into())
    }

    /// The place of a tensor in the file, with every claim checked against it.
    fn stored(
        &mut self,
        mut pickled: Pickled,
        path: &Path,
        place: usize,
    ) -> Result<Stored, String> {
        // What is never stepped over may have any stride.
        let steps = pickled.strides.iter_mut().zip(&pickled.shape);
        steps
            .filter(|(_, extent)| **extent < 2)
            .for_each(|(stride, _)| *stride = 0);
        let Pickled { shape, strides, .. } = &pickled;
        let size = pickled.dtype.size() as u64;
        let entry = self.place(&format!("data/{}", pickled.key))?;
        let (start, held) =
            entry.ok_or_else(|| format!("is in `data/{}`, which is missing", pickled.key))?;
        if held != pickled.storage_bytes {
            return Err(format!(
                "is in `data/{}`, which has {held} bytes, not {}",
                pickled.key, pickled.storage_bytes
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
            return Err(format!(
                "of shape {shape:?} and strides {strides:?} has elements that overlap; save its \
                 `.contiguous()` copy"
            ));
        }
        Ok(Stored {
            file: place,
            at: start + pickled.offset * size,
            strides: (!is_contiguous(shape, strides)).then_some(pickled.strides),
            info: TensorInfo {
                bytes: elements as u64 * size,
                shape: pickled.shape,
                dtype: pickled.dtype,
                file: path.into(),
            },
        })
    }
}
