use std::path::PathBuf;

use outcrop_core::{RunningSha256, sha256_file};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::finding::{Code, Finding, some, step_words};
use super::sketch::{self, Sketch};
use crate::{Altered, Checkpoint, DType, Error, Result, Weights};

/// A checkpoint and what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditedCheckpoint {
    /// Its step, if it has one.
    pub step: Option<u64>,
    /// Its folder.
    #[serde(serialize_with = "as_text")]
    pub folder: PathBuf,
    /// Its weight files, by name; empty if one cannot be read.
    pub files: Vec<AuditedFile>,
    /// Its tensors, by name; empty if they cannot be read.
    pub tensors: Vec<AuditedTensor>,
    /// Notes for the user on how its weights were found ([`Weights::notes`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Its files that are not what its `SHA256SUMS` lists ([`Checkpoint::altered`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub altered: Vec<Altered>,
    /// Values of some of its matrices, for the first two steps of a series.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sketches: Vec<Sketch>,
}

/// A path in JSON, which has no other bytes than text.
fn as_text<S: serde::Serializer>(path: &std::path::Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// A weight file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditedFile {
    /// Its name in the checkpoint's folder.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// The SHA-256 of its content, 64 hexadecimal digits.
    pub sha256: String,
}

/// A tensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditedTensor {
    /// Its name.
    pub name: String,
    /// Its type, as safetensors names it.
    pub dtype: String,
    /// Its extents.
    pub shape: Vec<usize>,
    /// Of [`Weights::sha256`]; none if tensors were not read.
    pub sha256: Option<String>,
    /// How many of its values are infinite or no numbers; 0 if tensors were not read.
    pub non_finite: u64,
    /// Whether all of its values are the same, as those of a fresh layer norm.
    pub constant: bool,
    /// The name of the file that holds it.
    pub file: String,
}

/// Hashes a checkpoint's files and, if asked, reads its tensors, on all threads of the current rayon pool.
pub(super) fn scan(
    entry: &Checkpoint,
    opened: &Result<Weights>,
    tensors: bool,
) -> (AuditedCheckpoint, Option<Finding>) {
    let mut audited = AuditedCheckpoint {
        step: entry.step,
        folder: entry.folder.clone(),
        files: Vec::new(),
        tensors: Vec::new(),
        notes: Vec::new(),
        altered: Vec::new(),
        sketches: Vec::new(),
    };
    let finding = match fill(&mut audited, entry, opened, tensors) {
        Ok(()) => no_model(&audited),
        Err(reason) => {
            let words = format!("{} failed to {reason}", step_words(entry.step));
            Some((Code::Unreadable, words))
        }
    };
    let finding = finding.map(|(code, words)| {
        let steps: Vec<u64> = entry.step.into_iter().collect();
        Finding::new(code, steps, words)
            .suspecting_it()
            .of_file(entry.folder.display().to_string())
    });
    (audited, finding)
}

/// Files first, which may be readable where tensors are not.
fn fill(
    audited: &mut AuditedCheckpoint,
    entry: &Checkpoint,
    opened: &Result<Weights>,
    values: bool,
) -> Result<(), String> {
    let weights = opened.as_ref().map_err(Error::to_string);
    let hash = |path| audit_file(path, opened.as_ref().ok());
    let (files, tensors) = rayon::join(
        || entry.files.par_iter().map(hash).collect::<Result<Vec<_>>>(),
        || weights.clone().map(|weights| read_tensors(weights, values)),
    );
    let files = files.map_err(|e| e.to_string())?;
    let hashes: Vec<_> = files.iter().map(|file| file.sha256.clone()).collect();
    audited.altered = entry.altered(&hashes);
    audited.files = files;
    audited.tensors = tensors?.map_err(|e| e.to_string())?;
    let weights = weights?;
    audited.notes = weights.notes().to_vec();
    if values && entry.step.is_some_and(|step| step <= sketch::LAST) {
        audited.sketches = sketch::sketches(weights);
    }
    Ok(())
}

/// Tensors of which none is a matrix are no model: the loss, or the state of an optimiser or of random
/// numbers.
fn no_model(checkpoint: &AuditedCheckpoint) -> Option<(Code, String)> {
    let is_matrix = |tensor: &AuditedTensor| tensor.shape.len() > 1;
    if checkpoint.tensors.iter().any(is_matrix) {
        return None;
    }
    let names = checkpoint.tensors.iter().map(|tensor| {
        format!(
            "`{}` ({}, shape {:?})",
            tensor.name, tensor.dtype, tensor.shape
        )
    });
    let words = format!(
        "{} is no model: it has no matrix, but {}",
        step_words(checkpoint.step),
        match checkpoint.tensors.is_empty() {
            true => "no tensor at all".into(),
            false => some(names),
        }
    );
    Some((Code::NoCheckpoint, words))
}

/// A file as it is held, else as it lies on the disk.
fn audit_file(path: &PathBuf, weights: Option<&Weights>) -> Result<AuditedFile> {
    let held = weights.and_then(|weights| weights.held(path));
    let bytes = match held {
        Some(held) => held.len() as u64,
        None => {
            let about = std::fs::metadata(path);
            about.map_err(|e| Error::io("read", path, e))?.len()
        }
    };
    let sha256 = match weights {
        Some(weights) => weights.file_sha256(path)?,
        None => sha256_file(path)?,
    };
    Ok(AuditedFile {
        name: name_of(path),
        bytes,
        sha256,
    })
}

fn name_of(path: &std::path::Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn read_tensors(weights: &Weights, values: bool) -> Result<Vec<AuditedTensor>> {
    let all: Vec<_> = weights.tensors().collect();
    let read = all.into_par_iter().map(|(name, info)| {
        let mut tensor = AuditedTensor {
            name: name.into(),
            dtype: info.dtype.to_string(),
            shape: info.shape.clone(),
            sha256: None,
            non_finite: 0,
            constant: false,
            file: name_of(&info.file),
        };
        if values {
            read_values(weights, info.dtype, &mut tensor)?;
        }
        Ok(tensor)
    });
    read.collect()
}

fn read_values(weights: &Weights, dtype: DType, tensor: &mut AuditedTensor) -> Result<()> {
    let mut hasher = RunningSha256::default();
    let mut first = Vec::new();
    tensor.constant = true;
    weights.pieces(&tensor.name, |bytes| {
        hasher.update(bytes);
        tensor.non_finite += non_finite(bytes, dtype);
        if first.is_empty() {
            first = bytes[..dtype.size()].to_vec();
        }
        let same = |element: &[u8]| *element == *first;
        tensor.constant = tensor.constant && bytes.chunks_exact(dtype.size()).all(same);
    })?;
    tensor.sha256 = Some(hasher.finish());
    Ok(())
}

/// Values whose exponent has all bits set.
fn non_finite(bytes: &[u8], dtype: DType) -> u64 {
    let halves = |exponent: u16| {
        let words = bytes.as_chunks().0.iter();
        let set = words.filter(|b| u16::from_le_bytes(**b) & exponent == exponent);
        set.count() as u64
    };
    match dtype {
        DType::F16 => halves(0x7c00),
        DType::BF16 => halves(0x7f80),
        DType::F32 => {
            let words = bytes.as_chunks().0.iter();
            words
                .filter(|b| !f32::from_le_bytes(**b).is_finite())
                .count() as u64
        }
        DType::F64 => {
            let words = bytes.as_chunks().0.iter();
            words
                .filter(|b| !f64::from_le_bytes(**b).is_finite())
                .count() as u64
        }
        _ => 0,
    }
}
