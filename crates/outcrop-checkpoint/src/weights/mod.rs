//! Anybody's weights, in whatever files of whatever format.

mod format;
mod layout;
mod names;
mod opened;
mod stored;
#[cfg(feature = "pytorch")]
mod torch;
mod trainers;
#[cfg(not(feature = "pytorch"))]
mod without_torch;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use outcrop_core::nearest;
use serde_json::Value;

pub(crate) use self::format::{has_weights, layout};
pub(crate) use self::layout::{ADAPTER, Layout, NAMES};
#[cfg(feature = "hub")]
pub(crate) use self::layout::{is_index, weight_map};
pub use self::stored::{BufferPool, TensorInfo};
use self::stored::{Content, Source, Stored};
use self::trainers::Found;
use crate::dtype::append_f32;
use crate::{Error, Result};

/// Elements of two tensors that are compared at a time.
const COMPARED: usize = 1 << 20;

/// The weights of a checkpoint, in any kind of files. Opening reads only headers; each tensor is
/// then read by itself, straight from its place in its file.
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
    files: Vec<(PathBuf, Content)>,
    tensors: BTreeMap<String, Stored>,
    notes: Vec<String>,
    config: Option<Result<String, String>>,
    step: Option<(u64, String)>,
}

impl Weights {
    /// Opens the weights in a folder: `model.safetensors`, else `model.safetensors.index.json` with
    /// its shards, else `pytorch_model.bin`, else `pytorch_model.bin.index.json` with its shards.
    /// The path of one such file, of whatever name, is taken too: `.safetensors`, `.index.json`,
    /// any other as PyTorch's. A file of llama.cpp (`.gguf`), or a folder with one, is read under the names
    /// and in the layout of transformers, its quantised numbers as the f32 that they stand for. A PEFT adapter is
    /// merged with its base model, where that lies beside it or in the folder that it names.
    ///
    /// Nothing in the files is trusted: each size that they claim is checked against their length,
    /// and no code in a pickle runs. What wrappers of a model add to names (`module.`, `_orig_mod.`)
    /// is taken out of them. [`Weights::notes`] tells that, and of several dicts in a pickle the one
    /// that was taken.
    ///
    /// # Errors
    /// [`Error::NoWeights`], [`Error::Adapter`], [`Error::Index`], [`Error::Malformed`],
    /// [`Error::PyTorch`], [`Error::Forbidden`] for a pickle that asks for code, [`Error::Dtype`] for a
    /// tensor whose elements are no whole bytes, [`Error::Twice`] for two tensors of one name whose
    /// values differ, [`Error::Core`] with the path.
    pub fn open(path: &Path) -> Result<Self> {
        let layout = layout(path)?;
        let opened = (layout.format.open)(&layout)?;
        let mut weights = Self {
            path: path.into(),
            files: opened
                .files
                .into_iter()
                .map(|(path, file)| (path, Content::Disk(file)))
                .collect(),
            tensors: BTreeMap::new(),
            notes: opened.notes,
            config: opened.config,
            step: None,
        };
        weights.insert_all(opened.tensors)?;
        weights.translate(&opened.said)?;
        Ok(weights)
    }

    /// Puts the names of a trainer into those of a model.
    fn translate(&mut self, said: &Value) -> Result<()> {
        let file = self
            .files
            .first()
            .map_or(self.path.as_path(), |(path, _)| path);
        let found = Found {
            tensors: &self.tensors,
            said,
            path: &self.path,
            file,
            folder: file.parent().unwrap_or(Path::new("")),
        };
        self.step = trainers::step(&found);
        if self.config.is_some() {
            return Ok(());
        }
        let read = trainers::read(&found).map_err(|reason| Error::Trainer {
            path: self.path.clone(),
            reason,
        })?;
        if let Some((name, model)) = read {
            self.notes
                .push(format!("the weights are named and laid out as {name} does"));
            self.tensors = model.tensors;
            self.config = Some(model.config);
        }
        Ok(())
    }

    /// The text of a `config.json` of transformers that describes the architecture, where the files say
    /// it themselves, as GGUF does. Names and layout of the tensors are those of its family.
    ///
    /// # Errors
    /// [`Error::Config`] where they leave out some of it.
    pub fn config(&self) -> Result<Option<&str>> {
        match &self.config {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(reason)) => Err(Error::Config {
                path: self.path.clone(),
                reason: reason.clone(),
            }),
        }
    }

    /// The step of the optimiser at which they were saved, where their files or what the trainer wrote beside them
    /// say it, as nanoGPT's `iter_num` or the `trainer_state.json` of transformers do; and who says it.
    pub fn step(&self) -> Option<(u64, &str)> {
        let step = self.step.as_ref();
        step.map(|(step, who)| (*step, who.as_str()))
    }

    fn insert_all(&mut self, stored: Vec<(String, Stored)>) -> Result<()> {
        let names: Vec<&str> = stored.iter().map(|(name, _)| name.as_str()).collect();
        let (names, taken) = names::unwrapped(&names);
        if !taken.is_empty() {
            let parts: Vec<_> = taken.iter().map(|part| format!("`{part}.`")).collect();
            let were = if taken.len() == 1 { "was" } else { "were" };
            let note = format!(
                "{} {were} taken out of the names of the tensors",
                parts.join(", ")
            );
            self.notes.push(note);
        }
        let mut originals = BTreeMap::new();
        for (name, (original, tensor)) in names.into_iter().zip(stored) {
            if let Some(held) = self.tensors.get(&name) {
                if !self.equal(held, &tensor)? {
                    let place = |original: &str, tensor: &Stored| {
                        format!("`{original}` in {}", tensor.info.file.display())
                    };
                    let first: &String = originals.get(&name).unwrap_or(&name);
                    return Err(Error::Twice {
                        path: self.path.clone(),
                        first: place(first, held),
                        second: place(&original, &tensor),
                    });
                }
                continue;
            }
            if original != name {
                originals.insert(name.clone(), original);
            }
            self.tensors.insert(name, tensor);
        }
        Ok(())
    }

    /// Notes for the user on how the weights were found, as sentences without a full stop.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The opened path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The weight files, shards by name.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(path, _)| path.as_path())
    }

    /// Reads every weight file into memory, if they have at most `limit` bytes together, and closes it: whatever is read
    /// afterwards, hashes among it, is of these bytes. Their memory comes from `pool`. Whether they are held.
    ///
    /// # Errors
    /// [`Error::Core`] with the file.
    pub fn hold(&mut self, limit: u64, pool: &BufferPool) -> Result<bool> {
        let mut total: u64 = 0;
        for (path, content) in &self.files {
            let length = content.length().map_err(|e| Error::io("read", path, e))?;
            total = total.saturating_add(length);
        }
        if total > limit {
            return Ok(false);
        }
        for (path, content) in &mut self.files {
            content
                .hold(pool)
                .map_err(|e| Error::io("read", &*path, e))?;
        }
        Ok(true)
    }

    /// The same weights once more, if all files are held: their bytes are in memory once.
    #[cfg(feature = "checksums")]
    pub(crate) fn shared(&self) -> Option<Self> {
        let files = self.files.iter();
        let files = files.map(|(path, content)| Some((path.clone(), content.shared()?)));
        Some(Self {
            path: self.path.clone(),
            files: files.collect::<Option<_>>()?,
            tensors: self.tensors.clone(),
            notes: self.notes.clone(),
            config: self.config.clone(),
            step: self.step.clone(),
        })
    }

    /// The SHA-256 of a file of the checkpoint, 64 hexadecimal digits: of what is held, else of what lies on the disk.
    ///
    /// # Errors
    /// [`Error::Core`] with the file.
    #[cfg(feature = "checksums")]
    pub fn file_sha256(&self, path: &Path) -> Result<String> {
        match self.held(path) {
            Some(bytes) => Ok(outcrop_core::sha256_hex(bytes)),
            None => Ok(outcrop_core::sha256_file(path)?),
        }
    }

    /// The bytes of a weight file that is held.
    #[cfg(feature = "checksums")]
    pub(crate) fn held(&self, path: &Path) -> Option<&[u8]> {
        let file = self.files.iter().find(|(held, _)| held == path);
        match file {
            Some((_, Content::Memory(bytes))) => Some(bytes),
            Some((_, Content::Disk(_))) | None => None,
        }
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

    /// Whether a tensor's elements follow one another in its file, so that reading some rows costs what these rows do. Of those that
    /// are put together from others it may cost as much as reading all.
    ///
    /// ```
    /// use outcrop_checkpoint::{Tensor, Weights, write_tensors};
    ///
    /// let dir = tempfile::tempdir()?;
    /// let tensor = Tensor { name: "w".into(), shape: vec![3, 2], data: vec![0.0; 6] };
    /// write_tensors(&dir.path().join("model.safetensors"), &[tensor], &Default::default())?;
    /// let weights = Weights::open(dir.path())?;
    /// assert!(weights.is_in_order("w") && !weights.is_in_order("unknown"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_in_order(&self, name: &str) -> bool {
        let stored = self.tensors.get(name);
        stored.is_some_and(|stored| matches!(stored.source, Source::Run { .. }))
    }

    /// As [`Weights::read_f32`], but only some elements, in row-major order.
    #[cfg(feature = "checksums")]
    pub(crate) fn read_range_f32(
        &self,
        name: &str,
        range: Range<usize>,
        data: &mut Vec<f32>,
    ) -> Result<()> {
        self.read(self.readable(name)?, range, data)
    }

    /// The SHA-256 of a tensor's elements as stored, in row-major order, little-endian: the same for
    /// the same values of the same type, whatever the file's format.
    ///
    /// # Errors
    /// [`Error::NoTensor`], [`Error::Core`] with the file.
    #[cfg(feature = "checksums")]
    pub fn sha256(&self, name: &str) -> Result<String> {
        let mut hasher = outcrop_core::RunningSha256::default();
        self.pieces(name, |bytes| hasher.update(bytes))?;
        Ok(hasher.finish())
    }

    /// Whether two tensors have the same type, shape and bytes.
    ///
    /// # Errors
    /// [`Error::NoTensor`], [`Error::Core`] with the file.
    pub fn same(&self, first: &str, second: &str) -> Result<bool> {
        self.equal(self.stored(first)?, self.stored(second)?)
    }

    fn equal(&self, first: &Stored, second: &Stored) -> Result<bool> {
        let alike = |s: &Stored| (s.info.dtype, s.info.shape.clone());
        if alike(first) != alike(second) {
            return Ok(false);
        }
        if first.source == second.source {
            return Ok(true);
        }
        let count = elements(&first.info);
        let in_order = |stored: &Stored| matches!(stored.source, Source::Run { .. });
        // What is strewn may be read as a whole for every range.
        let step = match in_order(first) && in_order(second) {
            true => COMPARED,
            false => count.max(1),
        };
        let bytes = |stored: &Stored, range: Range<usize>| {
            let mut bytes = Vec::new();
            let read = stored.pieces(&self.files, range, |piece| bytes.extend_from_slice(piece));
            read.map(|()| bytes)
                .map_err(|e| Error::io("read", &stored.info.file, e))
        };
        for start in (0..count).step_by(step) {
            let range = start..count.min(start + step);
            if bytes(first, range.clone())? != bytes(second, range)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A tensor's bytes in row-major order, piece by piece.
    #[cfg(feature = "checksums")]
    pub(crate) fn pieces(&self, name: &str, each: impl FnMut(&[u8])) -> Result<()> {
        let stored = self.stored(name)?;
        let all = 0..elements(&stored.info);
        let read = stored.pieces(&self.files, all, each);
        read.map_err(|e| Error::io("read", &stored.info.file, e))
    }

    fn read(&self, stored: &Stored, range: Range<usize>, data: &mut Vec<f32>) -> Result<()> {
        data.clear();
        data.reserve_exact(range.len());
        let dtype = stored.info.dtype;
        let read = stored.pieces(&self.files, range, |bytes| append_f32(bytes, dtype, data));
        read.map_err(|e| Error::io("read", &stored.info.file, e))
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
