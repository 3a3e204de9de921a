//! Safetensors files, as the format's specification has them
//! (<https://github.com/huggingface/safetensors#format>): the length of the header as u64, the
//! header as JSON, the data of the tensors one after another, all little-endian.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use outcrop_core::write_atomic_with;
use safetensors::tensor::{Dtype, TensorInfo};
use serde_json::json;

use crate::dtype::append_f32;
use crate::unique::METADATA;
use crate::{DType, Error, Result, header};

/// Bytes converted at a time; a multiple of every element's size.
const PIECE: usize = 1 << 16;

/// A named tensor of f32.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name, unique in a file.
    pub name: String,
    /// Its extents; empty for a scalar.
    pub shape: Vec<usize>,
    /// Its elements, row-major: as many as the product of `shape`.
    pub data: Vec<f32>,
}

/// Writes `tensors` in their order as f32, with `metadata` in the header, completely or not at all. The
/// same arguments give the same bytes.
///
/// # Errors
/// [`Error::Tensor`] for a name that is listed twice or is `__metadata__`, or a shape that does not
/// hold the data; [`Error::Core`] with the path.
pub fn write_tensors(
    path: &Path,
    tensors: &[Tensor],
    metadata: &BTreeMap<String, String>,
) -> Result<()> {
    let header = header(tensors, metadata).map_err(|(tensor, reason)| Error::Tensor {
        path: path.into(),
        tensor,
        reason,
    })?;
    write_atomic_with(path, |file| {
        file.write_all(&(header.len() as u64).to_le_bytes())?;
        file.write_all(header.as_bytes())?;
        let mut bytes = vec![0; PIECE];
        for piece in tensors.iter().flat_map(|t| t.data.chunks(PIECE / 4)) {
            let bytes = &mut bytes[..4 * piece.len()];
            let numbers = bytes.as_chunks_mut().0.iter_mut().zip(piece);
            numbers.for_each(|(bytes, number)| *bytes = number.to_le_bytes());
            file.write_all(bytes)?;
        }
        Ok(())
    })?;
    Ok(())
}

/// The JSON of the header. The library's own writer orders metadata by chance; equal input is to
/// give equal bytes.
fn header(
    tensors: &[Tensor],
    metadata: &BTreeMap<String, String>,
) -> Result<String, (String, String)> {
    let mut entries = Vec::with_capacity(tensors.len() + 1);
    if !metadata.is_empty() {
        entries.push(format!("\"{METADATA}\":{}", json!(metadata)));
    }
    let (mut start, mut names) = (0, BTreeSet::from([METADATA]));
    for Tensor { name, shape, data } in tensors {
        if !names.insert(name) {
            let reason = "has a name that is taken; names must be distinct and not `__metadata__`";
            return Err((name.clone(), reason.into()));
        }
        if shape.iter().try_fold(1, |n: usize, &d| n.checked_mul(d)) != Some(data.len()) {
            let reason = format!("of shape {shape:?} cannot hold {} elements", data.len());
            return Err((name.clone(), reason));
        }
        let end = start + 4 * data.len();
        let info = TensorInfo {
            dtype: Dtype::F32,
            shape: shape.clone(),
            data_offsets: (start, end),
        };
        entries.push(format!("{}:{}", json!(name), json!(info)));
        start = end;
    }
    let mut text = format!("{{{}}}", entries.join(","));
    // Readers that map the file want its data aligned.
    text.extend(std::iter::repeat_n(
        ' ',
        text.len().next_multiple_of(8) - text.len(),
    ));
    Ok(text)
}

/// Reads the tensors of a safetensors file in the order of their data. F16, BF16 and F64 become
/// f32 (F64 rounded to nearest). Beside the result, 64 KiB and the header are held in memory.
///
/// # Errors
/// [`Error::Malformed`] for a file that is cut short, or whose tensors overlap, leave gaps or reach
/// beyond it; [`Error::Dtype`] for a tensor of another type; [`Error::Core`] with the path.
pub fn read_tensors(path: &Path) -> Result<Vec<Tensor>> {
    read_tensors_where(path, |_| true)
}

/// As [`read_tensors`], but only the tensors whose names `keep` accepts; the others may be of any
/// type and are not read.
///
/// # Errors
/// As [`read_tensors`].
pub fn read_tensors_where(path: &Path, keep: impl Fn(&str) -> bool) -> Result<Vec<Tensor>> {
    let mut opened = header::open(path)?;
    let mut kept = Vec::new();
    for (name, info) in opened.tensors.drain(..).filter(|(name, _)| keep(name)) {
        let dtype = readable(path, &name, info.dtype)?;
        kept.push((name, info, dtype));
    }
    kept.into_iter()
        .map(|(name, info, dtype)| {
            let from = SeekFrom::Start(opened.start + info.data_offsets.0 as u64);
            let data = opened.file.seek(from);
            let data = data.and_then(|_| elements(&mut opened.file, &info, dtype));
            let data = data.map_err(|e| Error::io("read", path, e))?;
            Ok(Tensor {
                name,
                shape: info.shape,
                data,
            })
        })
        .collect()
}

fn readable(path: &Path, tensor: &str, dtype: Dtype) -> Result<DType> {
    let readable = DType::of(dtype).filter(|d| d.is_readable());
    readable.ok_or_else(|| Error::Dtype {
        path: path.into(),
        tensor: tensor.into(),
        dtype: dtype.to_string(),
    })
}

/// The metadata in the header of a safetensors file; the data is not read.
///
/// # Errors
/// As [`read_tensors`], but for types.
pub fn read_metadata(path: &Path) -> Result<BTreeMap<String, String>> {
    Ok(header::open(path)?.metadata)
}

/// The next tensor's elements; its size was checked against the file's.
fn elements(file: &mut File, info: &TensorInfo, dtype: DType) -> std::io::Result<Vec<f32>> {
    let mut left = info.data_offsets.1 - info.data_offsets.0;
    let mut data = Vec::with_capacity(left / dtype.size());
    let mut piece = vec![0; left.min(PIECE)];
    while left > 0 {
        let bytes = &mut piece[..left.min(PIECE)];
        file.read_exact(bytes)?;
        append_f32(bytes, dtype, &mut data);
        left -= bytes.len();
    }
    Ok(data)
}
