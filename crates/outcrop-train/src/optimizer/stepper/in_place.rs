//! Updates on the CPU: parameters and state are changed where they lie.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};
use outcrop_arch::TensorName;
use outcrop_model::{Numbers, ParameterMap, Transformer};
use rayon::prelude::*;

use super::{GradientSum, Optimizer};
use crate::optimizer::rule::{Slot, sum_of_squares};
use crate::{Error, Result};

/// As [`Optimizer::step`]. Parameters leave the model, are changed together, and come back: one that the
/// model has too would be copied before it is changed.
pub(super) fn step(
    optimizer: &mut Optimizer,
    model: Transformer,
    gradients: GradientSum,
    learning_rate: f64,
) -> Result<(Transformer, f64)> {
    let parts = f64::from(gradients.parts.max(1));
    let mut take = Take {
        gradients: gradients.sums,
        state: std::mem::take(&mut optimizer.state),
        optimizer,
        learning_rate,
        slots: Vec::new(),
        failed: None,
    };
    let device = model.device().clone().inner();
    let model = model.map_parameters(&mut take);
    let Take {
        mut slots,
        state,
        failed,
        ..
    } = take;
    if let Some(error) = failed {
        return Err(error);
    }
    let norm = sum_of_squares(&slots).sqrt() / parts;
    if norm.is_finite() {
        let update = optimizer.begin(norm, parts, learning_rate);
        slots
            .par_iter_mut()
            .for_each(|slot| slot.rule.in_place(&update, slot));
    }
    let named = |slot: Slot| (slot.weight.name.clone(), slot);
    let mut give = Give {
        slots: slots.into_iter().map(named).collect(),
        state,
        device,
    };
    let model = model.map_parameters(&mut give);
    optimizer.state = give.state;
    Ok((model, norm))
}

/// Takes parameters that have a gradient out, and leaves a single number in their place.
struct Take<'a> {
    optimizer: &'a Optimizer,
    learning_rate: f64,
    gradients: BTreeMap<String, Tensor<1>>,
    state: BTreeMap<String, Vec<Tensor<1>>>,
    slots: Vec<Slot>,
    failed: Option<Error>,
}

impl Take<'_> {
    fn slot<const D: usize>(
        &mut self,
        weight: &TensorName,
        tensor: Tensor<D>,
        gradient: Tensor<1>,
    ) -> Result<Slot> {
        let rule = self.optimizer.kind.rule(weight);
        let fresh = || rule.state().iter().map(|_| gradient.zeros_like()).collect();
        let state = self.state.remove(&weight.name).unwrap_or_else(fresh);
        let decay = self.optimizer.settings.decay(weight);
        Ok(Slot {
            weight: weight.clone(),
            shape: tensor.dims().to_vec(),
            rule,
            parameter: Numbers::of(tensor)?,
            gradient: Numbers::of(gradient)?,
            state: state
                .into_iter()
                .map(Numbers::of)
                .collect::<Result<_, _>>()?,
            decay: (1.0 - self.learning_rate * decay) as f32,
        })
    }
}

impl ParameterMap for Take<'_> {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        let Some(gradient) = self.gradients.remove(&weight.name) else {
            return tensor;
        };
        let device = tensor.device();
        match self.slot(weight, tensor, gradient) {
            Ok(slot) => self.slots.push(slot),
            Err(error) => self.failed = Some(error),
        }
        Tensor::zeros([1; D], &device)
    }
}

/// Puts parameters and state back.
struct Give {
    slots: BTreeMap<String, Slot>,
    state: BTreeMap<String, Vec<Tensor<1>>>,
    device: Device,
}

impl ParameterMap for Give {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        let Some(slot) = self.slots.remove(&weight.name) else {
            return tensor;
        };
        let count = [slot.shape.iter().product()];
        let state = slot.state.into_iter();
        let state = state.map(|m| m.into_tensor(count, &self.device)).collect();
        self.state.insert(weight.name.clone(), state);
        let shape = std::array::from_fn(|i| slot.shape[i]);
        let parameter = slot.parameter.into_tensor(shape, &self.device);
        Tensor::from_inner(parameter).require_grad()
    }
}
