//! AdamW made of Burn's operations, for every backend.

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use outcrop_arch::TensorName;
use outcrop_model::{ParameterMap, Transformer};

use super::{AdamW, GradientSum};
use crate::{Error, Result};

/// As [`AdamW::step`].
pub(super) fn step(
    optimizer: &mut AdamW,
    model: Transformer,
    gradients: GradientSum,
    learning_rate: f64,
) -> Result<(Transformer, f64)> {
    let parts = f64::from(gradients.parts.max(1));
    let norm = norm(gradients.sums.values())? / parts;
    if !norm.is_finite() {
        return Ok((model, norm));
    }
    let mut update = Update {
        scale: optimizer.begin(norm) / parts,
        learning_rate,
        gradients: gradients.sums,
        optimizer,
    };
    Ok((model.map_parameters(&mut update), norm))
}

pub(super) fn norm<'a>(gradients: impl Iterator<Item = &'a Tensor<1>>) -> Result<f64> {
    let squares = gradients.map(|g| g.clone().square().sum());
    match squares.reduce(|so_far, sum| so_far + sum) {
        Some(sum) => Ok(scalar(sum)?.sqrt()),
        None => Ok(0.0),
    }
}

impl AdamW {
    /// One parameter after the update, from its clipped gradient; all are flat.
    pub(super) fn updated(
        &mut self,
        name: &str,
        parameter: Tensor<1>,
        gradient: Tensor<1>,
        learning_rate: f64,
        decays: bool,
    ) -> Tensor<1> {
        let [b1, b2] = self.betas;
        let moments = self.moments.remove(name);
        let [m, v] = moments.unwrap_or_else(|| [gradient.zeros_like(), gradient.zeros_like()]);
        let m = m * b1 + gradient.clone() * (1.0 - b1);
        let v = v * b2 + gradient.square() * (1.0 - b2);
        let t = i32::try_from(self.updates).unwrap_or(i32::MAX);
        let (c1, c2) = (1.0 - b1.powi(t), 1.0 - b2.powi(t));
        let denominator = (v.clone() / c2).sqrt() + self.eps;
        let change = m.clone() / denominator * (learning_rate / c1);
        self.moments.insert(name.to_owned(), [m, v]);
        let decay = match decays {
            true => 1.0 - learning_rate * self.weight_decay,
            false => 1.0,
        };
        parameter * decay - change
    }
}

fn scalar(tensor: Tensor<1>) -> Result<f64> {
    let value: f32 = tensor
        .try_into_scalar()
        .map_err(|e| Error::Device(format!("{e:?}")))?;
    Ok(f64::from(value))
}

struct Update<'a> {
    scale: f64,
    learning_rate: f64,
    gradients: BTreeMap<String, Tensor<1>>,
    optimizer: &'a mut AdamW,
}

impl ParameterMap for Update<'_> {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        let Some(gradient) = self.gradients.remove(&weight.name) else {
            return tensor;
        };
        let (shape, active) = (tensor.dims(), tensor.is_require_grad());
        let updated = self.optimizer.updated(
            &weight.name,
            tensor.inner().reshape([-1]),
            gradient * self.scale,
            self.learning_rate,
            weight.decays,
        );
        Tensor::from_inner(updated.reshape(shape)).set_require_grad(active)
    }
}
