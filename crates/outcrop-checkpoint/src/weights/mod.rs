//! Anybody's weights: one file or shards, safetensors or PyTorch.

mod layout;
mod stored;
mod torch;

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use outcrop_core::nearest;
use sha2::{Digest, Sha256};

pub(crate) use self::layout::{NAMES, has_weights, layout};
#[cfg(feature = "hub")]
pub(crate) use self::layout::{is_index, weight_map};
use self::stored::Stored;
pub use self::stored::TensorInfo;
use crate::dtype::append_f32;
use crate::{DType, Error, Result, header};

/// The weights of a checkpoint, whatever files hold them. Opening reads headers alone; each tensor
/// is then read by itself, straight from its place in its file.
///
/// ```
/// use outcrop_checkpoint::{Tensor, Weights, write_tensors};
///
/// let dir = tempfile::tempdir()?;
/// let embedding = Tensor { name: "embed".into(), shape: vec![3, 2], data: vec![0., 1., 2., 3., 4., 5.] };
/// write_tensors(&dir.path().join("model.safetensors"), &[embedding], &Default::default())?;
///
/// let weights = Weights::open(dir.path())?;
/// assert_eq!(weights.get("embed").map(|info| info.shape.clone()), Some(vec![3, 2]));
/// let mut row = Vec::new();
/// weights.read_rows_f32("embed", 1..2, &mut row)?;
/// assert_eq!(row, [2.0, 3.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Weights {
    path: PathBuf,
    files: Vec<(PathBuf, File)>,
    tensors: BTreeMap<String, Stored>,
}

impl Weights {
    /// Opens the weights in a folder: `model.safetensors`, else `model.safetensors.index.json` with
    /// its shards, else `pytorch_model.bin`, else `pytorch_model.bin.index.json` with its shards.
    /// The path of one such file, of whatever name, is taken too: `.safetensors`, `.index.json`,
    /// any other as PyTorch's.
    ///
    /// Nothing in the files is trusted: each size that they claim is checked against their length,
    /// and no code in a pickle runs.
    ///
    /// # Errors
    /// [`Error::NoWeights`], [`Error::Index`], [`Error::Malformed`], [`Error::PyTorch`],
    /// [`Error::Forbidden`] for a pickle that asks for code, [`Error::Dtype`] for a tensor whose
    /// elements are no whole bytes, [`Error::Core`] with the path.
    pub fn open(path: &Path) -> Result<Self> {
        let layout = layout(path)?;
        let (mut files, mut held) = (Vec::new(), Vec::new());
        for (place, path) in layout.files.iter().enumerate() {
            let (file, tensors) = match path.extension().is_some_and(|e| e == "safetensors") {
                true => safetensors(path, place)?,
                false => torch::open(path, place)?,
            };
            files.push((path.clone(), file));
            held.push(tensors);
        }
        let tensors = match layout.index {
            None => held.into_iter().flatten().collect(),
            Some((index, map)) => select(&index, map, held, &files)?,
        };
        let path = path.into();
        Ok(Self {
            path,
            files,
            tensors,
        })
    }

    /// What was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The weight files, shards by name.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(path, _)| path.as_path())
    }

    /// The tensors' names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The tensor of a name.
    pub fn get(&self, name: &str) -> Option<&TensorInfo> {
        self.tensors.get(name).map(|stored| &stored.info)
    }

    /// Names and tensors, sorted by name.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &TensorInfo)> {
        let tensors = self.tensors.iter();
        tensors.map(|(name, stored)| (name.as_str(), &stored.info))
    }

    /// Reads one tensor into `data`, in place of what it held: row-major, F16, BF16 and F64
    /// converted to f32 (F64 rounded to nearest).
    ///
    /// # Errors
    /// [`Error::NoTensor`], [`Error::Dtype`] for a type that is not floating, [`Error::Core`] with
    /// the file.
    pub fn read_f32(&self, name: &str, data: &mut Vec<f32>) -> Result<()> {
        let stored = self.readable(name)?;
        self.read(stored, 0..elements(&stored.info), data)
    }

    /// As [`Weights::read_f32`], but only the rows `rows`: a row is what one index of the first
    /// dimension selects, as the vector of one token in an embedding.
    ///
    /// # Errors
    /// As [`Weights::read_f32`]; [`Error::Rows`] for rows that the tensor has not.
    pub fn read_rows_f32(&self, name: &str, rows: Range<usize>, data: &mut Vec<f32>) -> Result<()> {
        let stored = self.readable(name)?;
        let count = stored.info.shape.first().copied().unwrap_or(0);
        if rows.start > rows.end || rows.end > count {
            return Err(Error::Rows {
                path: stored.info.file.clone(),
                tensor: name.into(),
                rows,
                count,
            });
        }
        let row = elements(&stored.info).checked_div(count).unwrap_or(0);
        self.read(stored, rows.start * row..rows.end * row, data)
    }

    /// The SHA-256 of a tensor's elements as stored, in row-major order, little-endian: the same for
    /// the same values of the same type, whatever the file's format.
    ///
    /// # Errors
    /// [`Error::NoTensor`], [`Error::Core`] with the file.
    pub fn sha256(&self, name: &str) -> Result<String> {
        let mut hasher = Sha256::new();
        self.pieces(name, |bytes| hasher.update(bytes))?;
        let digest = hasher.finalize();
        Ok(digest.iter().map(|b| format!("{b:02x}")).collect())
    }

    /// A tensor's bytes in row-major order, piece by piece.
    pub(crate) fn pieces(&self, name: &str, each: impl FnMut(&[u8])) -> Result<()> {
        let stored = self.stored(name)?;
        let (path, file) = &self.files[stored.file];
        let all = 0..elements(&stored.info);
        let read = stored.pieces(file, all, each);
        read.map_err(|e| Error::io("read", path, e))
    }

    fn read(&self, stored: &Stored, range: Range<usize>, data: &mut Vec<f32>) -> Result<()> {
        data.clear();
        data.reserve_exact(range.len());
        let (path, file) = &self.files[stored.file];
        let dtype = stored.info.dtype;
        let read = stored.pieces(file, range, |bytes| append_f32(bytes, dtype, data));
        read.map_err(|e| Error::io("read", path, e))
    }

    fn stored(&self, name: &str) -> Result<&Stored> {
        self.tensors.get(name).ok_or_else(|| Error::NoTensor {
            path: self.path.clone(),
            tensor: name.into(),
            nearest: nearest(name, self.names()).map(str::to_owned),
        })
    }

    fn readable(&self, name: &str) -> Result<&Stored> {
        let stored = self.stored(name)?;
        match stored.info.dtype.is_readable() {
            true => Ok(stored),
            false => Err(Error::Dtype {
                path: stored.info.file.clone(),
                tensor: name.into(),
                dtype: stored.info.dtype.to_string(),
            }),
        }
    }
}

/// Elements of a tensor; it was checked that their bytes fit into its file.
pub(crate) fn elements(info: &TensorInfo) -> usize {
    info.shape.iter().product()
}

fn safetensors(path: &Path, place: usize) -> Result<(File, Vec<(String, Stored)>)> {
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
            file: place,
            at: start + from as u64,
            strides: None,
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
    Ok((opened.file, tensors?))
}

/// The tensors that an index names, each from the shard that it names for it.
fn select(
    index: &Path,
    map: BTreeMap<String, usize>,
    held: Vec<Vec<(String, Stored)>>,
    files: &[(PathBuf, File)],
) -> Result<BTreeMap<String, Stored>> {
    let mut held: Vec<BTreeMap<_, _>> = held.into_iter().map(BTreeMap::from_iter).collect();
    let mut tensors = BTreeMap::new();
    for (name, place) in map {
        let Some(stored) = held[place].remove(&name) else {
            let shard = files[place].0.file_name().unwrap_or_default();
            return Err(Error::Index {
                path: index.into(),
                reason: format!(
                    "`weight_map` places tensor `{name}` in `{}`, which has none of that name",
                    shard.to_string_lossy()
                ),
            });
        };
        tensors.insert(name, stored);
    }
    Ok(tensors)
}
