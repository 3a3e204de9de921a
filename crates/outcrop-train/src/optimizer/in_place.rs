//! AdamW on the CPU: parameters and moments are changed where they lie.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};
use outcrop_arch::TensorName;
use outcrop_model::{
    AdamWStep, Numbers, ParameterMap, Slot, Transformer, adamw_in_place, sum_of_squares,
};

use super::{AdamW, GradientSum};
use crate::{Error, Result};

/// As [`AdamW::step`]. Parameters leave the model, are changed together, and come back: one that the
/// model has too would be copied before it is changed.
pub(super) fn step(
    optimizer: &mut AdamW,
    model: Transformer,
    gradients: GradientSum,
    learning_rate: f64,
) -> Result<(Transformer, f64)> {
    let parts = f64::from(gradients.parts.max(1));
    let mut held = Held {
        gradients: gradients.sums,
        moments: std::mem::take(&mut optimizer.moments),
        decay: (1.0 - learning_rate * optimizer.weight_decay) as f32,
        places: Vec::new(),
        slots: Vec::new(),
        failed: None,
    };
    let device = model.device().clone().inner();
    let model = model.map_parameters(&mut Take(&mut held));
    if let Some(error) = held.failed {
        return Err(error);
    }
    let norm = sum_of_squares(&held.slots).sqrt() / parts;
    if norm.is_finite() {
        let scale = optimizer.begin(norm) / parts;
        adamw_in_place(
            &mut held.slots,
            &optimizer.coefficients(scale, learning_rate),
        );
    }
    let mut give = Give {
        slots: held.places.into_iter().zip(held.slots).map(named).collect(),
        moments: held.moments,
        device,
    };
    let model = model.map_parameters(&mut give);
    optimizer.moments = give.moments;
    Ok((model, norm))
}

fn named(((name, shape), slot): ((String, Vec<usize>), Slot)) -> (String, (Vec<usize>, Slot)) {
    (name, (shape, slot))
}

impl AdamW {
    pub(super) fn coefficients(&self, scale: f64, learning_rate: f64) -> AdamWStep {
        let t = i32::try_from(self.updates).unwrap_or(i32::MAX);
        let [c1, c2] = self.betas.map(|b| 1.0 - b.powi(t));
        AdamWStep {
            scale: scale as f32,
            betas: self.betas,
            rate: (learning_rate / c1) as f32,
            correction: (1.0 / c2) as f32,
            eps: self.eps as f32,
        }
    }
}

/// What left the model.
struct Held {
    gradients: BTreeMap<String, Tensor<1>>,
    moments: BTreeMap<String, [Tensor<1>; 2]>,
    /// Of parameters that decay.
    decay: f32,
    /// Names and shapes.
    places: Vec<(String, Vec<usize>)>,
    slots: Vec<Slot>,
    failed: Option<Error>,
}

impl Held {
    fn slot<const D: usize>(
        &mut self,
        name: &str,
        decay: f32,
        tensor: Tensor<D>,
        gradient: Tensor<1>,
    ) -> Result<Slot> {
        let moments = self.moments.remove(name);
        let [m, v] = moments.unwrap_or_else(|| [gradient.zeros_like(), gradient.zeros_like()]);
        Ok(Slot {
            parameter: Numbers::of(tensor)?,
            gradient: Numbers::of(gradient)?,
            moments: [Numbers::of(m)?, Numbers::of(v)?],
            decay,
        })
    }
}

/// Takes parameters that have a gradient out, and leaves a single number in their place.
struct Take<'a>(&'a mut Held);

impl ParameterMap for Take<'_> {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        let Some(gradient) = self.0.gradients.remove(&weight.name) else {
            return tensor;
        };
        let (shape, device) = (tensor.dims(), tensor.device());
        let decay = if weight.decays { self.0.decay } else { 1.0 };
        match self.0.slot(&weight.name, decay, tensor, gradient) {
            Ok(slot) => {
                self.0.places.push((weight.name.clone(), shape.to_vec()));
                self.0.slots.push(slot);
            }
            Err(error) => self.0.failed = Some(error),
        }
        Tensor::zeros([1; D], &device)
    }
}

/// Puts parameters and moments back.
struct Give {
    slots: BTreeMap<String, (Vec<usize>, Slot)>,
    moments: BTreeMap<String, [Tensor<1>; 2]>,
    device: Device,
}

impl ParameterMap for Give {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        let Some((shape, slot)) = self.slots.remove(&weight.name) else {
            return tensor;
        };
        let count = [shape.iter().product()];
        let moments = slot.moments.map(|m| m.into_tensor(count, &self.device));
        self.moments.insert(weight.name.clone(), moments);
        let shape = std::array::from_fn(|i| shape[i]);
        let parameter = slot.parameter.into_tensor(shape, &self.device);
        Tensor::from_inner(parameter).require_grad()
    }
}
