mod composed;
mod gradients;
#[cfg(feature = "flex")]
mod in_place;
#[cfg(all(test, feature = "flex"))]
mod tests;

use std::collections::BTreeMap;

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use outcrop_arch::TensorName;
use outcrop_model::{ParameterMap, Transformer};

pub use self::gradients::GradientSum;
use crate::{Error, Result};

/// AdamW (Loshchilov and Hutter 2019) with clipping by global norm. Decay is decoupled and applies
/// to matrices and embeddings, not to norms and biases. State is kept by parameter name, so that
/// it can be saved and read by anyone.
///
/// With c = min(1, clip / (norm + 1e-6)), g the gradient times c and t the number of the update:
/// m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
/// p = p (1 - lr decay) - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps).
#[derive(Clone, Debug)]
pub struct AdamW {
    /// Decay rates of the two moments, each in [0, 1).
    pub betas: [f64; 2],
    /// Added to the denominator, above 0.
    pub eps: f64,
    /// Decoupled weight decay, at least 0.
    pub weight_decay: f64,
    /// Largest global norm of the gradient; infinite means no clipping.
    pub clip: f64,
    updates: u64,
    moments: BTreeMap<String, [Tensor<1>; 2]>,
}

impl AdamW {
    /// An optimiser that has made no update.
    pub fn new(betas: [f64; 2], eps: f64, weight_decay: f64, clip: f64) -> Self {
        Self {
            betas,
            eps,
            weight_decay,
            clip,
            updates: 0,
            moments: BTreeMap::new(),
        }
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
    /// [`Error::Device`].
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

    /// [`AdamW::step`] with the mean of gradients of several parts of a batch. On the CPU parameters
    /// and moments are changed where they lie, in one pass.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub fn step_with(
        &mut self,
        model: Transformer,
        gradients: GradientSum,
        learning_rate: f64,
    ) -> Result<(Transformer, f64)> {
        #[cfg(feature = "flex")]
        if outcrop_model::in_memory(model.device()) {
            return in_place::step(self, model, gradients, learning_rate);
        }
        composed::step(self, model, gradients, learning_rate)
    }

    /// Counts an update; returns the factor that clips a gradient of this global norm.
    fn begin(&mut self, norm: f64) -> f64 {
        self.updates += 1;
        (self.clip / (norm + 1e-6)).min(1.0)
    }

    /// Its state as named tensors `m.NAME` and `v.NAME`, each flat.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub fn state(&self) -> Result<Vec<outcrop_checkpoint::Tensor>> {
        let mut tensors = Vec::with_capacity(2 * self.moments.len());
        for (name, moments) in &self.moments {
            for (prefix, moment) in ["m", "v"].iter().zip(moments) {
                let data = moment.clone().try_into_vec_as::<f32>();
                let data = data.map_err(|e| Error::Device(e.to_string()))?;
                tensors.push(outcrop_checkpoint::Tensor {
                    name: format!("{prefix}.{name}"),
                    shape: vec![data.len()],
                    data,
                });
            }
        }
        Ok(tensors)
    }

    /// Takes over a state that [`AdamW::state`] gave after `updates` updates. Returns the name of
    /// the first parameter of `model` whose moments are missing or of another size.
    pub fn restore(
        &mut self,
        model: &Transformer,
        tensors: Vec<outcrop_checkpoint::Tensor>,
        updates: u64,
    ) -> Option<String> {
        let mut given: BTreeMap<String, Vec<f32>> =
            tensors.into_iter().map(|t| (t.name, t.data)).collect();
        let mut restore = Restore {
            device: model.device().clone().inner(),
            given: &mut given,
            moments: BTreeMap::new(),
            missing: None,
        };
        if updates > 0 {
            model.valid().map_parameters(&mut restore);
        }
        let Restore {
            moments, missing, ..
        } = restore;
        if missing.is_none() {
            self.moments = moments;
            self.updates = updates;
        }
        missing
    }
}

struct Restore<'a> {
    device: Device,
    given: &'a mut BTreeMap<String, Vec<f32>>,
    moments: BTreeMap<String, [Tensor<1>; 2]>,
    missing: Option<String>,
}

impl ParameterMap for Restore<'_> {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        let name = &weight.name;
        let count: usize = tensor.dims().iter().product();
        let mut moment = |prefix: &str| {
            let data = self.given.remove(&format!("{prefix}.{name}"))?;
            let data = (data.len() == count).then(|| TensorData::new(data, [count]))?;
            Some(Tensor::from_data(data, &self.device))
        };
        match (moment("m"), moment("v")) {
            (Some(m), Some(v)) => {
                self.moments.insert(name.to_owned(), [m, v]);
            }
            _ if self.missing.is_none() => self.missing = Some(name.to_owned()),
            _ => {}
        }
        tensor
    }
}
