//! The optimiser of a model, with its state.

mod composed;
mod gradients;
mod in_place;

use std::collections::BTreeMap;

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use outcrop_arch::TensorName;
use outcrop_model::{Numbers, ParameterMap, Transformer, in_memory};

pub use self::gradients::GradientSum;
use super::rule::{Settings, Update};
use super::{OptimizerKeys, OptimizerKind, WeightDecay};
use crate::Result;

/// An optimiser with its state: AdamW, Muon, SGD or Lion ([`OptimizerKind`]), with clipping by global norm and
/// decoupled weight decay. State is kept by parameter name, so that it can be saved and read by anyone.
///
/// With c = min(1, clip / (norm + 1e-6)), every formula gets the gradient times c.
#[derive(Clone, Debug)]
pub struct Optimizer {
    kind: OptimizerKind,
    settings: Settings,
    composed: bool,
    updates: u64,
    /// By parameter, in the order of [`super::rule::Rule::state`].
    state: BTreeMap<String, Vec<Tensor<1>>>,
}

impl Optimizer {
    /// An optimiser that has made no update. Keys that are not given have the defaults of its kind; gradients are
    /// clipped to the global norm `clip`, infinite for none.
    pub fn new(kind: OptimizerKind, keys: OptimizerKeys, decay: WeightDecay, clip: f64) -> Self {
        let keys = keys.or(kind.defaults());
        let settings = Settings {
            betas: keys.betas.unwrap_or_default(),
            eps: keys.eps.unwrap_or_default(),
            momentum: keys.momentum.unwrap_or_default(),
            nesterov: keys.nesterov.unwrap_or_default(),
            decay,
            clip,
        };
        Self {
            kind,
            settings,
            composed: false,
            updates: 0,
            state: BTreeMap::new(),
        }
    }

    /// The same, made of the backend's own operations on the CPU too, as it always is elsewhere: for comparing.
    pub fn composed(self) -> Self {
        Self {
            composed: true,
            ..self
        }
    }

    /// Takes another weight decay for the updates to come.
    pub fn set_decay(&mut self, decay: WeightDecay) {
        self.settings.decay = decay;
    }

    /// Number of updates made.
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// Makes one update of `model` with the gradients of its loss; returns the updated model and
    /// the global norm of the gradient before clipping. A norm that is not finite leaves model and
    /// optimiser as they were.
    ///
    /// # Errors
    /// [`Error::Device`](crate::Error::Device).
    pub fn step(
        &mut self,
        model: Transformer,
        gradients: Gradients,
        learning_rate: f64,
    ) -> Result<(Transformer, f64)> {
        let mut sum = GradientSum::default();
        let model = sum.add(model, gradients)?;
        self.step_with(model, sum, learning_rate)
    }

    /// [`Optimizer::step`] with the mean of gradients of several parts of a batch. On the CPU parameters
    /// and state are changed where they lie, the same bits on any number of threads.
    ///
    /// # Errors
    /// [`Error::Device`](crate::Error::Device).
    pub fn step_with(
        &mut self,
        model: Transformer,
        gradients: GradientSum,
        learning_rate: f64,
    ) -> Result<(Transformer, f64)> {
        match in_memory(model.device()) && !self.composed {
            true => in_place::step(self, model, gradients, learning_rate),
            false => composed::step(self, model, gradients, learning_rate),
        }
    }

    /// Counts an update of gradients of `parts` whose mean has this global norm.
    fn begin(&mut self, norm: f64, parts: f64, rate: f64) -> Update<'_> {
        self.updates += 1;
        Update {
            scale: (self.settings.clip / (norm + 1e-6)).min(1.0) / parts,
            rate,
            number: self.updates,
            settings: &self.settings,
        }
    }

    /// Its state as named tensors, each flat: `m.NAME` and `v.NAME` of AdamW, `m.NAME` of Lion, `momentum.NAME` of
    /// SGD and of Muon's matrices.
    ///
    /// # Errors
    /// [`Error::Model`](crate::Error::Model).
    pub fn state(&self, model: &Transformer) -> Result<Vec<outcrop_checkpoint::Tensor>> {
        let prefixes = |name: &TensorName| (name.name.clone(), self.kind.rule(name).state());
        let prefixes: BTreeMap<_, _> = model.parameter_names().map(prefixes).collect();
        let mut tensors = Vec::with_capacity(2 * self.state.len());
        for (name, state) in &self.state {
            let prefixes = prefixes.get(name).copied().unwrap_or_default();
            for (prefix, state) in prefixes.iter().zip(state) {
                let data = Numbers::of(state.clone())?.as_slice().to_vec();
                tensors.push(outcrop_checkpoint::Tensor {
                    name: format!("{prefix}.{name}"),
                    shape: vec![data.len()],
                    data,
                });
            }
        }
        Ok(tensors)
    }

    /// Takes over a state that [`Optimizer::state`] gave after `updates` updates. Returns the name of
    /// the first parameter of `model` whose state is missing or of another size.
    pub fn restore(
        &mut self,
        model: &Transformer,
        tensors: Vec<outcrop_checkpoint::Tensor>,
        updates: u64,
    ) -> Option<String> {
        let given = tensors.into_iter().map(|t| (t.name, t.data)).collect();
        let mut restore = Restore {
            device: model.device().clone().inner(),
            kind: self.kind,
            given,
            state: BTreeMap::new(),
            missing: None,
        };
        if updates > 0 {
            model.valid().map_parameters(&mut restore);
        }
        if restore.missing.is_none() {
            self.state = restore.state;
            self.updates = updates;
        }
        restore.missing
    }
}

struct Restore {
    device: Device,
    kind: OptimizerKind,
    given: BTreeMap<String, Vec<f32>>,
    state: BTreeMap<String, Vec<Tensor<1>>>,
    missing: Option<String>,
}

impl ParameterMap for Restore {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        let name = &weight.name;
        let count: usize = tensor.dims().iter().product();
        let mut of = |prefix: &&str| {
            let data = self.given.remove(&format!("{prefix}.{name}"))?;
            let data = (data.len() == count).then(|| TensorData::new(data, [count]))?;
            Some(Tensor::from_data(data, &self.device))
        };
        let prefixes = self.kind.rule(weight).state().iter();
        match prefixes.map(&mut of).collect::<Option<Vec<_>>>() {
            Some(state) => {
                self.state.insert(name.to_owned(), state);
            }
            None if self.missing.is_none() => self.missing = Some(name.to_owned()),
            None => {}
        }
        tensor
    }
}
