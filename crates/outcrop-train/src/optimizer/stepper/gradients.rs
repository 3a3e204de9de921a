use std::collections::BTreeMap;

use burn::tensor::{Gradients, Tensor};
use outcrop_arch::TensorName;
use outcrop_model::{Numbers, ParameterMap, Transformer, in_memory};

use crate::{Error, Result};

/// The sum of the gradients of several parts of a batch, by the names of the parameters.
#[derive(Clone, Debug, Default)]
pub struct GradientSum {
    /// Each flat.
    pub(super) sums: BTreeMap<String, Tensor<1>>,
    pub(super) parts: u32,
}

impl GradientSum {
    /// Adds the gradients of the loss of one part; returns `model`, whose loss it is, as it was. On the
    /// CPU they are added to the memory of the first.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub fn add(&mut self, model: Transformer, gradients: Gradients) -> Result<Transformer> {
        let mut take = Take {
            sum: self,
            gradients,
            failed: None,
        };
        let model = model.map_parameters(&mut take);
        if let Some(error) = take.failed {
            return Err(error);
        }
        self.parts += 1;
        Ok(model)
    }
}

/// Takes the gradients out.
struct Take<'a> {
    sum: &'a mut GradientSum,
    gradients: Gradients,
    failed: Option<Error>,
}

impl ParameterMap for Take<'_> {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        if let Some(gradient) = tensor.grad_remove(&mut self.gradients) {
            let gradient = gradient.reshape([-1]);
            let sum = match self.sum.sums.remove(&weight.name) {
                Some(so_far) => added(so_far, gradient),
                None => Ok(gradient),
            };
            match sum {
                Ok(sum) => {
                    self.sum.sums.insert(weight.name.clone(), sum);
                }
                Err(error) => self.failed = Some(error),
            }
        }
        tensor
    }
}

fn added(sum: Tensor<1>, gradient: Tensor<1>) -> Result<Tensor<1>> {
    let device = sum.device();
    if !in_memory(&device) {
        return Ok(sum + gradient);
    }
    let shape = sum.dims();
    let (mut sum, gradient) = (Numbers::of(sum)?, Numbers::of(gradient)?);
    for (sum, x) in sum.as_mut_slice().iter_mut().zip(gradient.as_slice()) {
        *sum += x;
    }
    Ok(sum.into_tensor(shape, &device))
}
