use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{Tensor, TensorData};
use outcrop_checkpoint::{read_tensors_where, write_tensors};

use crate::{Error, ParameterMap, Result};
use outcrop_arch::{TensorKind, TensorName};

/// Buffers in published files that are no parameters.
const BUFFERS: [&str; 3] = [
    ".attention.bias",
    ".attention.masked_bias",
    ".rotary_emb.inv_freq",
];

/// Puts the tensors of a file in the place of parameters.
pub(crate) struct Load {
    given: BTreeMap<String, outcrop_checkpoint::Tensor>,
    problems: Vec<String>,
}

impl Load {
    /// The tensors of a safetensors file; `tied` models have no unembedding of their own.
    pub(crate) fn open(path: &Path, tied: bool) -> Result<Self> {
        let parameter = |name: &str| !BUFFERS.iter().any(|b| name.ends_with(b));
        let mut given = BTreeMap::new();
        for tensor in read_tensors_where(path, parameter)? {
            let name = match tensor.name.as_str() {
                "lm_head.weight" => "embed_out.weight".to_owned(),
                name => name.to_owned(),
            };
            given.insert(name, tensor);
        }
        if tied {
            given.remove("embed_out.weight");
        }
        Ok(Self {
            given,
            problems: Vec::new(),
        })
    }

    /// Makes sure that every parameter got its tensor and every tensor its parameter.
    pub(crate) fn finish(self, path: &Path) -> Result<()> {
        let superfluous = self
            .given
            .keys()
            .map(|name| format!("`{name}` is superfluous"));
        let problems: Vec<String> = self.problems.iter().cloned().chain(superfluous).collect();
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Error::Weights {
                path: path.to_owned(),
                problems,
            }),
        }
    }
}

impl ParameterMap for Load {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        let name = &weight.name;
        let mut shape = tensor.dims();
        if weight.kind == TensorKind::Matrix {
            shape.reverse();
        }
        let Some(given) = self.given.remove(name) else {
            self.problems.push(format!("`{name}` is missing"));
            return tensor;
        };
        if given.shape != shape {
            let problem = format!("`{name}` has shape {:?}, expected {shape:?}", given.shape);
            self.problems.push(problem);
            return tensor;
        }
        let data = TensorData::new(given.data, shape);
        let loaded = Tensor::<D>::from_data(data, &tensor.device());
        let loaded = match weight.kind {
            // Laid out afresh, so that a loaded matrix is as fast as a drawn one.
            TensorKind::Matrix => {
                let data = loaded.transpose().into_data();
                Tensor::from_data(data, &tensor.device())
            }
            TensorKind::Embedding | TensorKind::Bias | TensorKind::Gain | TensorKind::Shift => {
                loaded
            }
        };
        loaded.set_require_grad(tensor.is_require_grad())
    }
}

/// Gathers parameters as they stand in files.
#[derive(Default)]
pub(crate) struct Save {
    tensors: Vec<outcrop_checkpoint::Tensor>,
    failed: Option<Error>,
}

impl Save {
    /// Writes them, whole or not at all.
    pub(crate) fn write(self, path: &Path) -> Result<()> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let metadata = BTreeMap::from([("format".to_owned(), "pt".to_owned())]);
        Ok(write_tensors(path, &self.tensors, &metadata)?)
    }
}

impl ParameterMap for Save {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        let stored = match weight.kind {
            TensorKind::Matrix => tensor.clone().transpose(),
            TensorKind::Embedding | TensorKind::Bias | TensorKind::Gain | TensorKind::Shift => {
                tensor.clone()
            }
        };
        let shape = stored.dims().to_vec();
        match stored.try_into_vec_as::<f32>() {
            Ok(data) => self.tensors.push(outcrop_checkpoint::Tensor {
                name: weight.name.clone(),
                shape,
                data,
            }),
            Err(e) => self.failed = Some(Error::Device(e.to_string())),
        }
        tensor
    }
}
