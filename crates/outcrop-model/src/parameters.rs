//! Parameters by name, in one fixed order, for everything that treats them one by one: drawing,
//! loading, saving, updating.

use std::collections::BTreeMap;

use burn::module::{ModuleMapper, Param};
use burn::tensor::Tensor;
use outcrop_arch::TensorName;

/// Replaces the parameters of a model one by one; see [`crate::Transformer::map_parameters`].
pub trait ParameterMap {
    /// Gets a parameter with what the plan of the architecture says of it (Hugging Face name, kind, how it is
    /// drawn, whether it decays) and returns what shall stand in its place, of the same shape and on the same
    /// device. A matrix is [inputs, outputs] in memory and [outputs, inputs] in files.
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D>;
}

/// Walks a module and names its parameters.
pub(crate) struct Walk<'a, M> {
    path: Vec<String>,
    weights: &'a BTreeMap<String, TensorName>,
    map: &'a mut M,
}

impl<'a, M: ParameterMap> Walk<'a, M> {
    /// `weights` are those of the plan, by name.
    pub(crate) fn new(weights: &'a BTreeMap<String, TensorName>, map: &'a mut M) -> Self {
        Self {
            path: Vec::new(),
            weights,
            map,
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
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.weights.get(&self.name()) {
            Some(weight) => param.map(|tensor| self.map.map(weight, tensor)),
            None => param, // none: the module is made of what the plan has
        }
    }
}
