//! Updates made of Burn's operations, for every backend.

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use outcrop_arch::TensorName;
use outcrop_model::{ParameterMap, Transformer};

use super::{GradientSum, Optimizer};
use crate::optimizer::OptimizerKind;
use crate::optimizer::rule::{Given, Update};
use crate::{Error, Result};

/// As [`Optimizer::step`].
pub(super) fn step(
    optimizer: &mut Optimizer,
    model: Transformer,
    gradients: GradientSum,
    learning_rate: f64,
) -> Result<(Transformer, f64)> {
    let parts = f64::from(gradients.parts.max(1));
    let norm = norm(gradients.sums.values())? / parts;
    if !norm.is_finite() {
        return Ok((model, norm));
    }
    let mut state = std::mem::take(&mut optimizer.state);
    let mut change = Change {
        kind: optimizer.kind,
        update: optimizer.begin(norm, parts, learning_rate),
        gradients: gradients.sums,
        state: &mut state,
    };
    let model = model.map_parameters(&mut change);
    optimizer.state = state;
    Ok((model, norm))
}

fn norm<'a>(gradients: impl Iterator<Item = &'a Tensor<1>>) -> Result<f64> {
    let squares = gradients.map(|g| g.clone().square().sum());
    match squares.reduce(|so_far, sum| so_far + sum) {
        Some(sum) => Ok(scalar(sum)?.sqrt()),
        None => Ok(0.0),
    }
}

fn scalar(tensor: Tensor<1>) -> Result<f64> {
    let value: f32 = tensor
        .try_into_scalar()
        .map_err(|e| Error::Device(format!("{e:?}")))?;
    Ok(f64::from(value))
}

struct Change<'a> {
    kind: OptimizerKind,
    update: Update<'a>,
    gradients: BTreeMap<String, Tensor<1>>,
    state: &'a mut BTreeMap<String, Vec<Tensor<1>>>,
}

impl ParameterMap for Change<'_> {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        let Some(gradient) = self.gradients.remove(&weight.name) else {
            return tensor;
        };
        let (shape, active) = (tensor.dims(), tensor.is_require_grad());
        let rule = self.kind.rule(weight);
        let fresh = || rule.state().iter().map(|_| gradient.zeros_like()).collect();
        let given = Given {
            parameter: tensor.inner().reshape([-1]),
            state: self.state.remove(&weight.name).unwrap_or_else(fresh),
            gradient: gradient.clone() * self.update.scale,
            shape: shape.to_vec(),
            experts: weight.stack.unwrap_or(1),
            decay: 1.0 - self.update.rate * self.update.settings.decay(weight),
        };
        let (parameter, state) = rule.composed(&self.update, given);
        self.state.insert(weight.name.clone(), state);
        Tensor::from_inner(parameter.reshape(shape)).set_require_grad(active)
    }
}
