//! The header of a safetensors file, checked against the file before anything else is read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use outcrop_core::refuse_lfs_pointer;
use safetensors::SafeTensorError;
use safetensors::tensor::{Metadata, TensorInfo};

use crate::unique::Unique;
use crate::{Error, Result};

/// The longest header that the format allows.
const MAX_HEADER: u64 = 100_000_000;

/// An open file and what its header says.
pub(crate) struct Opened {
    pub(crate) file: File,
    /// Tensors by name, in the order of their data.
    pub(crate) tensors: Vec<(String, TensorInfo)>,
    pub(crate) metadata: BTreeMap<String, String>,
    /// Where the data begins, from which the tensors' offsets count.
    pub(crate) start: u64,
}

/// Opens a file and checks that its header accounts for every byte of it.
pub(crate) fn open(path: &Path) -> Result<Opened> {
    let io = |e| Error::io("read", path, e);
    let malformed = |reason: String| Error::Malformed {
        path: path.into(),
        reason,
    };
    let mut file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let Some(rest) = length.checked_sub(8) else {
        return Err(malformed(format!(
            "{length} bytes are too few for a header"
        )));
    };
    let mut size = [0; 8];
    file.read_exact(&mut size).map_err(io)?;
    check_pointer(path, &file, &size)?;
    let size = u64::from_le_bytes(size);
    if size > rest.min(MAX_HEADER) {
        return Err(malformed(format!(
            "it claims a header of {size} bytes, but holds {rest} after the header's length (at \
             most {MAX_HEADER} are allowed); it is truncated or not a safetensors file"
        )));
    }
    let mut text = vec![0; size as usize];
    file.read_exact(&mut text).map_err(io)?;
    let (tensors, metadata) = parse(&text).map_err(malformed)?;
    let claimed = tensors.last().map_or(0, |(_, t)| t.data_offsets.1) as u64;
    let held = rest - size;
    if claimed != held {
        return Err(malformed(format!(
            "its header claims {claimed} bytes of data, but it holds {held}"
        )));
    }
    let start = 8 + size;
    Ok(Opened {
        file,
        tensors,
        metadata,
        start,
    })
}

/// Refuses what Git LFS left in place of the file; its text would be taken for the header's length.
fn check_pointer(path: &Path, mut file: &File, begins: &[u8; 8]) -> Result<()> {
    if begins != b"version " {
        return Ok(());
    }
    let mut head = begins.to_vec();
    let read = file.take(1016).read_to_end(&mut head);
    read.map_err(|e| Error::io("read", path, e))?;
    file.seek(SeekFrom::Start(8))
        .map_err(|e| Error::io("read", path, e))?;
    Ok(refuse_lfs_pointer(path, &head)?)
}

type Parsed = (Vec<(String, TensorInfo)>, BTreeMap<String, String>);

fn parse(text: &[u8]) -> Result<Parsed, String> {
    let refused = |e: &dyn std::fmt::Display| {
        format!(
            "the header is invalid: {e} (tensors must follow one another without gap or \
             overlap, each as long as its shape and dtype ask)"
        )
    };
    let header: Unique<TensorInfo> = serde_json::from_slice(text).map_err(|e| refused(&e))?;
    let mut tensors = header.members;
    tensors.sort_by_key(|(_, info)| info.data_offsets);
    match Metadata::new(None, tensors.clone()) {
        Ok(_) => Ok((tensors, header.metadata)),
        // The library does not say which.
        Err(SafeTensorError::TensorInvalidInfo | SafeTensorError::MisalignedSlice) => {
            let wrong = tensors.iter().find(|(_, info)| bytes(info).is_none());
            let (name, info) = wrong.ok_or_else(|| refused(&"sizes differ"))?;
            let (start, end) = info.data_offsets;
            Err(refused(&format!(
                "tensor `{name}` of dtype {} and shape {:?} has the data_offsets [{start}, {end}]",
                info.dtype, info.shape
            )))
        }
        Err(e) => Err(refused(&e)),
    }
}

/// The bytes of a tensor, where its offsets and its shape agree on them.
fn bytes(info: &TensorInfo) -> Option<usize> {
    let product = |n: usize, d: &usize| n.checked_mul(*d);
    let bits = info.shape.iter().try_fold(info.dtype.bitsize(), product)?;
    let held = info.data_offsets.1.checked_sub(info.data_offsets.0)?;
    (bits % 8 == 0 && bits / 8 == held).then_some(held)
}
