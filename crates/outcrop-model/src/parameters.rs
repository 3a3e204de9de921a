//! Parameters as lists that follow from a plan, in one fixed order, for everything that treats them one by one:
//! drawing, loading, saving, updating.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use outcrop_arch::{Draw, OUTCROP, Plan, TensorKind, TensorName, TensorRole};

use crate::{Numbers, Result};

/// Replaces the parameters of a model one by one; see [`crate::Transformer::map_parameters`].
pub trait ParameterMap {
    /// Gets a parameter with its description in the plan (its name in [`OUTCROP`](outcrop_arch::OUTCROP), kind,
    /// initialisation, whether it decays) and returns its replacement, of the same shape and on the same device. A
    /// matrix is [inputs, outputs] in memory and [outputs, inputs] in files.
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D>;
}

/// One parameter: what a plan projects from the same rows is one matrix.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: Arc<TensorName>,
    value: Value,
}

#[derive(Clone, Debug)]
enum Value {
    Vector(Tensor<1>),
    Matrix(Tensor<2>),
}

/// The parameters of a section of a plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(pub(crate) Vec<Parameter>);

/// All parameters.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) start: Parameters,
    pub(crate) blocks: Vec<Parameters>,
    pub(crate) end: Parameters,
}

impl Parameter {
    /// As it is before it is drawn: the same number everywhere, 0 where it is drawn.
    fn new(name: TensorName, device: &Device) -> Self {
        let with = match name.init {
            Draw::Ones => 1.0,
            Draw::Constant { value } => value,
            Draw::Zeros | Draw::Orthogonal | Draw::Normal { .. } => 0.0,
        };
        let value = match (name.kind, name.shape.as_slice()) {
            (TensorKind::Matrix, &[.., inputs]) => {
                let outputs = name.shape.iter().product::<usize>() / inputs.max(1);
                Value::Matrix(leaf(filled(with, [inputs, outputs], device)))
            }
            (TensorKind::Embedding, &[rows, width]) => {
                Value::Matrix(leaf(filled(with, [rows, width], device)))
            }
            (_, shape) => Value::Vector(leaf(filled(with, [shape.iter().product()], device))),
        };
        let name = Arc::new(name);
        Self { name, value }
    }

    /// With numbers of a file, a matrix [outputs, inputs].
    pub(crate) fn given(name: TensorName, values: Vec<f32>, device: &Device) -> Self {
        let value = if let (TensorKind::Matrix, &[.., inputs]) = (name.kind, &name.shape[..]) {
            let outputs = values.len() / inputs.max(1);
            let data = TensorData::new(values, [outputs, inputs]);
            Value::Matrix(Tensor::<2>::from_data(data, device).transpose())
        } else if let (TensorKind::Embedding, &[rows, width]) = (name.kind, &name.shape[..]) {
            let data = TensorData::new(values, [rows, width]);
            Value::Matrix(Tensor::from_data(data, device))
        } else {
            let shape = [values.len()];
            Value::Vector(Tensor::from_data(TensorData::new(values, shape), device))
        };
        let name = Arc::new(name);
        Self { name, value }
    }

    fn holds(&self, role: TensorRole, kind: TensorKind) -> bool {
        self.name.kind == kind && self.name.spans.iter().any(|span| span.role == role)
    }

    fn map(self, map: &mut impl ParameterMap) -> Self {
        let value = match self.value {
            Value::Vector(tensor) => Value::Vector(map.map(&self.name, tensor)),
            Value::Matrix(tensor) => Value::Matrix(map.map(&self.name, tensor)),
        };
        Self { value, ..self }
    }

    /// A matrix [inputs, outputs].
    pub(crate) fn numbers(&self) -> Result<Numbers> {
        match &self.value {
            Value::Vector(tensor) => Numbers::of(tensor.clone()),
            Value::Matrix(tensor) => Numbers::of(tensor.clone()),
        }
    }

    fn valid(&self) -> Self {
        let value = match self.value.clone() {
            Value::Vector(tensor) => Value::Vector(tensor.inner()),
            Value::Matrix(tensor) => Value::Matrix(tensor.inner()),
        };
        let name = self.name.clone();
        Self { name, value }
    }
}

fn filled<const D: usize>(with: f64, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::full(shape, with, device)
}

/// A tensor that gets a gradient, where there are any.
fn leaf<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    let gradients = tensor.device().is_autodiff();
    tensor.set_require_grad(gradients)
}

impl Parameters {
    fn find(&self, role: TensorRole, kind: TensorKind) -> Option<&Parameter> {
        self.0.iter().find(|parameter| parameter.holds(role, kind))
    }

    /// The vector, or the vectors one after another, of which `role` is one.
    pub(crate) fn vector(&self, role: TensorRole, kind: TensorKind) -> Option<Tensor<1>> {
        match &self.find(role, kind)?.value {
            Value::Vector(tensor) => Some(tensor.clone()),
            Value::Matrix(_) => None,
        }
    }

    /// The embedding, or the matrix [inputs, outputs] of which `role` has columns, with what it holds.
    pub(crate) fn matrix(&self, role: TensorRole) -> Option<(&TensorName, Tensor<2>)> {
        let kinds = [TensorKind::Matrix, TensorKind::Embedding];
        let found = kinds.into_iter().find_map(|kind| self.find(role, kind))?;
        match &found.value {
            Value::Matrix(tensor) => Some((&found.name, tensor.clone())),
            Value::Vector(_) => None,
        }
    }

    fn map(self, map: &mut impl ParameterMap) -> Self {
        Self(self.0.into_iter().map(|p| p.map(map)).collect())
    }

    fn valid(&self) -> Self {
        Self(self.0.iter().map(Parameter::valid).collect())
    }
}

impl Network {
    /// The parameters of a plan before they are drawn.
    pub(crate) fn new(plan: &Plan, device: &Device) -> Result<Self> {
        let mut network = Self {
            start: Parameters::default(),
            blocks: vec![Parameters::default(); plan.layers()],
            end: Parameters::default(),
        };
        let names = OUTCROP.name_parts(plan)?;
        for name in names.into_iter().filter(|name| name.required) {
            let starts = plan.start.parts.iter().any(|part| part.role == name.role);
            let list = match name.layer {
                Some(layer) => &mut network.blocks[layer - 1],
                None if starts => &mut network.start,
                None => &mut network.end,
            };
            list.0.push(Parameter::new(name, device));
        }
        Ok(network)
    }

    /// Start, blocks, end.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Parameter> {
        let sections = std::iter::once(&self.start).chain(&self.blocks);
        sections.chain([&self.end]).flat_map(|section| &section.0)
    }

    /// Replaces them one by one: start, blocks, end.
    pub(crate) fn map(self, map: &mut impl ParameterMap) -> Self {
        let start = self.start.map(map);
        let blocks = self.blocks.into_iter().map(|block| block.map(map));
        Self {
            start,
            blocks: blocks.collect(),
            end: self.end.map(map),
        }
    }

    /// The same without autodiff.
    pub(crate) fn valid(&self) -> Self {
        Self {
            start: self.start.valid(),
            blocks: self.blocks.iter().map(Parameters::valid).collect(),
            end: self.end.valid(),
        }
    }
}
