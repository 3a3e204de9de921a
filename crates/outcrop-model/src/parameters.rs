//! Parameters by name, in one fixed order, for everything that treats them one by one: drawing,
//! loading, saving, updating.

use burn::module::{ModuleMapper, Param};
use burn::tensor::Tensor;

/// What a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// Rows of an embedding, [rows, d_model].
    Embedding,
    /// The matrix of a linear map, [inputs, outputs] in memory, [outputs, inputs] in files.
    Matrix,
    /// The bias of a linear map.
    Bias,
    /// The gain of a norm.
    NormGain,
    /// The shift of a norm.
    NormShift,
}

impl ParameterKind {
    /// Whether weight decay applies: to matrices and embeddings, not to norms and biases.
    pub fn decays(self) -> bool {
        matches!(self, Self::Embedding | Self::Matrix)
    }
}

/// Replaces the parameters of a model one by one; see [`crate::Transformer::map_parameters`].
pub trait ParameterMap {
    /// Gets a parameter by its Hugging Face name and returns what shall stand in its place, of
    /// the same shape and on the same device.
    fn map<const D: usize>(
        &mut self,
        name: &str,
        kind: ParameterKind,
        tensor: Tensor<D>,
    ) -> Tensor<D>;
}

/// Walks a module and names its parameters.
pub(crate) struct Walk<'a, M> {
    path: Vec<String>,
    containers: Vec<String>,
    map: &'a mut M,
}

impl<'a, M: ParameterMap> Walk<'a, M> {
    pub(crate) fn new(map: &'a mut M) -> Self {
        Self {
            path: Vec::new(),
            containers: Vec::new(),
            map,
        }
    }

    fn kind(&self) -> ParameterKind {
        let container = self.containers.last().map_or("", String::as_str);
        let field = self.path.last().map_or("", String::as_str);
        match (container, field) {
            ("Struct:Linear", "bias") => ParameterKind::Bias,
            ("Struct:LayerNorm", "gamma") => ParameterKind::NormGain,
            ("Struct:LayerNorm", _) => ParameterKind::NormShift,
            ("Struct:Embedding", _) => ParameterKind::Embedding,
            _ => ParameterKind::Matrix,
        }
    }

    fn name(&self) -> String {
        let mut path = self.path.join(".");
        for (burn, published) in [(".gamma", ".weight"), (".beta", ".bias")] {
            if let Some(stem) = path.strip_suffix(burn) {
                path = format!("{stem}{published}");
            }
        }
        if path.starts_with("embed_out") {
            path
        } else {
            format!("gpt_neox.{path}")
        }
    }
}

impl<M: ParameterMap> ModuleMapper for Walk<'_, M> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.push(name.to_owned());
        self.containers.push(container_type.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
        self.containers.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (name, kind) = (self.name(), self.kind());
        param.map(|tensor| self.map.map(&name, kind, tensor))
    }
}
