//! The kernels of a step's residual streams, with which CKA compares later steps, in a file of their own.

use std::collections::BTreeMap;
use std::path::Path;

use outcrop_checkpoint::{Tensor, read_tensors, write_tensors};
use outcrop_core::Error as CoreError;
use outcrop_observe::{Kernel, Missing};

use crate::Result;

/// A kernel, or why there is none.
pub(super) type Found = Result<Kernel, Missing>;

/// The kernels of a step by layer and sequence, with which later steps of a series are compared: at most 33 KiB each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepKernels {
    /// The step.
    pub step: u64,
    of: BTreeMap<(u32, u32), Found>,
}

/// What CKA compares with as the first step.
#[derive(Clone, Copy, Debug, Default)]
pub enum FirstStep<'a> {
    /// This step is the first.
    #[default]
    This,
    /// An earlier one.
    Earlier(&'a StepKernels),
    /// An earlier one of which nothing is known.
    Unknown,
}

impl StepKernels {
    pub(super) fn insert(&mut self, layer: u32, sequence: u32, kernel: Found) {
        self.of.insert((layer, sequence), kernel);
    }

    pub(super) fn of_step(self, step: u64) -> Self {
        Self { step, ..self }
    }

    pub(super) fn get(&self, layer: u32, sequence: u32) -> Option<Result<&Kernel, Missing>> {
        let found = self.of.get(&(layer, sequence))?;
        Some(found.as_ref().map_err(|missing| *missing))
    }

    /// Writes them to a file of safetensors: `layer.sequence` holds the values of a kernel, `layer.sequence.CODE`
    /// nothing where there is none for this reason.
    ///
    /// # Errors
    /// [`Error::Checkpoint`](crate::Error::Checkpoint) where the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let tensor = |((layer, sequence), found): (&(u32, u32), &Found)| {
            let (name, data) = match found {
                Ok(kernel) => (String::new(), kernel.values().to_vec()),
                Err(missing) => (format!(".{}", missing.code()), Vec::new()),
            };
            Tensor {
                name: format!("{layer}.{sequence}{name}"),
                shape: vec![data.len()],
                data,
            }
        };
        let tensors: Vec<Tensor> = self.of.iter().map(tensor).collect();
        let step = BTreeMap::from([("step".to_owned(), self.step.to_string())]);
        Ok(write_tensors(path, &tensors, &step)?)
    }

    /// Reads what [`write`](Self::write) wrote of `step`.
    ///
    /// # Errors
    /// [`Error::Checkpoint`](crate::Error::Checkpoint) for a file that cannot be read, or with other tensors.
    pub fn read(path: &Path, step: u64) -> Result<Self> {
        let tensors = read_tensors(path)?;
        let of = tensors.into_iter().map(|tensor| {
            let name = tensor.name.clone();
            entry(tensor).ok_or_else(|| {
                let reason = format!("the tensor {name:?} is no kernel of a layer and a sequence");
                CoreError::parse(path.display().to_string(), reason)
            })
        });
        Ok(Self {
            step,
            of: of.collect::<Result<_, CoreError>>()?,
        })
    }
}

fn entry(tensor: Tensor) -> Option<((u32, u32), Found)> {
    let mut parts = tensor.name.splitn(3, '.');
    let (layer, sequence) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let found = match parts.next() {
        None => Ok(Kernel::from_values(tensor.data)?),
        Some(code) => Err(Missing::ALL.into_iter().find(|m| m.code() == code)?),
    };
    Some(((layer, sequence), found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use outcrop_observe::View;

    #[test]
    fn what_is_written_is_read() {
        let hidden: Vec<f32> = (0..60).map(|i| ((i * 7) % 11) as f32).collect();
        let mut kernels = StepKernels {
            step: 12,
            ..StepKernels::default()
        };
        kernels.insert(3, 0, Kernel::new(View::new(&hidden, 6).unwrap()));
        kernels.insert(12, 1, Err(Missing::TooShort));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("k.safetensors");
        kernels.write(&path).unwrap();
        let read = StepKernels::read(&path, 12).unwrap();
        assert_eq!(read, kernels);
        assert!(read.get(3, 0).is_some_and(|kernel| kernel.is_ok()));
        assert_eq!(read.get(12, 1), Some(Err(Missing::TooShort)));
        assert_eq!(read.get(3, 1), None);
        let other = [Tensor {
            name: "0.weight".into(),
            shape: vec![1],
            data: vec![1.0],
        }];
        write_tensors(&path, &other, &BTreeMap::new()).unwrap();
        let error = StepKernels::read(&path, 12).unwrap_err().to_string();
        assert!(error.contains("0.weight"), "{error}");
    }
}
