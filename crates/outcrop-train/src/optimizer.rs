use std::collections::BTreeMap;

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use outcrop_model::{ParameterKind, ParameterMap, Transformer};

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
        let mut collect = Collect {
            gradients,
            flat: BTreeMap::new(),
            squares: None,
        };
        let model = model.map_parameters(&mut collect);
        let norm = match collect.squares {
            Some(sum) => scalar(sum)?.sqrt(),
            None => 0.0,
        };
        if !norm.is_finite() {
            return Ok((model, norm));
        }
        let mut update = Update {
            scale: self.begin(norm),
            learning_rate,
            gradients: collect.flat,
            optimizer: self,
        };
        Ok((model.map_parameters(&mut update), norm))
    }

    /// Counts an update; returns the factor that clips a gradient of this global norm.
    fn begin(&mut self, norm: f64) -> f64 {
        self.updates += 1;
        (self.clip / (norm + 1e-6)).min(1.0)
    }

    /// One parameter after the update, from its clipped gradient; all are flat.
    fn updated(
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

fn scalar(tensor: Tensor<1>) -> Result<f64> {
    let value: f32 = tensor
        .try_into_scalar()
        .map_err(|e| Error::Device(format!("{e:?}")))?;
    Ok(f64::from(value))
}

/// Takes the gradients out and sums their squares.
struct Collect {
    gradients: Gradients,
    flat: BTreeMap<String, Tensor<1>>,
    squares: Option<Tensor<1>>,
}

impl ParameterMap for Collect {
    fn map<const D: usize>(
        &mut self,
        name: &str,
        _: ParameterKind,
        tensor: Tensor<D>,
    ) -> Tensor<D> {
        if let Some(gradient) = tensor.grad_remove(&mut self.gradients) {
            let flat = gradient.reshape([-1]);
            let sum = flat.clone().square().sum();
            self.squares = Some(match self.squares.take() {
                Some(so_far) => so_far + sum,
                None => sum,
            });
            self.flat.insert(name.to_owned(), flat);
        }
        tensor
    }
}

struct Update<'a> {
    scale: f64,
    learning_rate: f64,
    gradients: BTreeMap<String, Tensor<1>>,
    optimizer: &'a mut AdamW,
}

impl ParameterMap for Update<'_> {
    fn map<const D: usize>(
        &mut self,
        name: &str,
        kind: ParameterKind,
        tensor: Tensor<D>,
    ) -> Tensor<D> {
        let Some(gradient) = self.gradients.remove(name) else {
            return tensor;
        };
        let (shape, active) = (tensor.dims(), tensor.is_require_grad());
        let updated = self.optimizer.updated(
            name,
            tensor.inner().reshape([-1]),
            gradient * self.scale,
            self.learning_rate,
            kind.decays(),
        );
        Tensor::from_inner(updated.reshape(shape)).set_require_grad(active)
    }
}

struct Restore<'a> {
    device: Device,
    given: &'a mut BTreeMap<String, Vec<f32>>,
    moments: BTreeMap<String, [Tensor<1>; 2]>,
    missing: Option<String>,
}

impl ParameterMap for Restore<'_> {
    fn map<const D: usize>(
        &mut self,
        name: &str,
        _: ParameterKind,
        tensor: Tensor<D>,
    ) -> Tensor<D> {
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

#[cfg(all(test, feature = "flex"))]
#[expect(clippy::unwrap_used, reason = "helpers of tests")]
mod tests {
    use super::*;

    type Fixture = BTreeMap<String, Vec<f64>>;

    /// Six steps of `torch.optim.AdamW` with `clip_grad_norm_`; see `export_adamw.py` beside it.
    fn fixture() -> Fixture {
        let bytes = include_bytes!("../tests/fixtures/adamw.safetensors");
        let file = safetensors::SafeTensors::deserialize(bytes).unwrap();
        let numbers = |view: &safetensors::tensor::TensorView<'_>| match view.dtype() {
            safetensors::Dtype::F32 => {
                let words = view.data().as_chunks().0.iter();
                words
                    .map(|b| f64::from(f32::from_le_bytes(*b)))
                    .collect::<Vec<_>>()
            }
            _ => view
                .data()
                .as_chunks()
                .0
                .iter()
                .map(|b| f64::from_le_bytes(*b))
                .collect(),
        };
        file.tensors()
            .iter()
            .map(|(name, view)| (name.clone(), numbers(view)))
            .collect()
    }

    #[test]
    fn six_updates_are_those_of_pytorch() {
        let fixture = fixture();
        let device = outcrop_model::Backend::Flex.device().unwrap();
        let tensor = |name: String| {
            let values: Vec<f32> = fixture[&name].iter().map(|&v| v as f32).collect();
            let shape = [values.len()];
            Tensor::<1>::from_data(TensorData::new(values, shape), &device)
        };
        let names = ["matrix", "bias", "gain"];
        let mut parameters = names.map(|n| tensor(format!("p0.{n}")));
        let mut optimizer = AdamW::new([0.9, 0.95], 1e-8, 0.1, 1.0);
        for step in 1..=6 {
            let gradients = names.map(|n| tensor(format!("g{step}.{n}")));
            let squares = gradients.clone().map(|g| scalar(g.square().sum()).unwrap());
            let norm = squares.iter().sum::<f64>().sqrt();
            assert!((norm / fixture[&format!("norm{step}")][0] - 1.0).abs() < 1e-6);
            let scale = optimizer.begin(norm);
            let rate = fixture[&format!("lr{step}")][0];
            for ((name, p), g) in names.iter().zip(&mut parameters).zip(gradients) {
                let decays = *name == "matrix";
                *p = optimizer.updated(name, p.clone(), g * scale, rate, decays);
                let ours: Vec<f32> = p.clone().try_into_vec_as().unwrap();
                let theirs = &fixture[&format!("p{step}.{name}")];
                for (a, b) in ours.iter().zip(theirs) {
                    assert!(
                        (f64::from(*a) - b).abs() < 2e-6,
                        "step {step}, {name}: {a}, {b}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_schedule_is_the_one_of_the_fixture() {
        let fixture = fixture();
        let spec = crate::TrainSpec {
            steps: 6,
            warmup: 2,
            learning_rate: 0.05,
            ..crate::TrainSpec::default()
        };
        for step in 1..=6 {
            let rate = crate::learning_rate(&spec, step - 1);
            assert!((rate - fixture[&format!("lr{step}")][0]).abs() < 1e-15);
        }
    }
}
