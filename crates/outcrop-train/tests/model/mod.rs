//! A block of Llama with weights and gradients that are hashes of their places, as `export_optimizers.py` makes them.

use std::collections::BTreeMap;

use burn::tensor::{Gradients, Tensor, TensorData};
use outcrop_arch::{Activation, ArchSpec, Norm, Position, TensorKind, TensorName};
use outcrop_model::{Backend, Numbers, ParameterMap, Transformer};
use outcrop_train::{OptimizerKind, TrainSpec};

/// A name and what makes the spec.
type Case = (&'static str, fn() -> TrainSpec);

/// The cases of the fixture.
pub(crate) const CASES: [Case; 7] = [
    ("adamw", || case("adamw", false)),
    ("adamw-groups", || case("adamw", true)),
    ("muon", || case("muon", false)),
    ("muon-plain", || TrainSpec {
        nesterov: Some(false),
        ..case("muon", true)
    }),
    ("sgd", || case("sgd", false)),
    ("sgd-nesterov", || TrainSpec {
        momentum: Some(0.8),
        nesterov: Some(true),
        ..case("sgd", true)
    }),
    ("lion", || case("lion", false)),
];

fn case(word: &str, groups: bool) -> TrainSpec {
    let plain = TrainSpec {
        optimizer: OptimizerKind::named(word).unwrap(),
        steps: 20,
        warmup: 5,
        learning_rate: 0.05,
        ..TrainSpec::default()
    };
    match groups {
        false => plain,
        true => TrainSpec {
            weight_decay: 0.5,
            embedding_decay: Some(0.25),
            vector_decay: 0.125,
            ..plain
        },
    }
}

/// The tensors of the fixture.
pub(crate) fn expected() -> BTreeMap<String, Vec<f64>> {
    let bytes = include_bytes!("../fixtures/optimizers.safetensors");
    let file = safetensors::SafeTensors::deserialize(bytes).unwrap();
    let numbers = |view: &safetensors::tensor::TensorView<'_>| match view.dtype() {
        safetensors::Dtype::F32 => {
            let words = view.data().as_chunks().0.iter();
            words.map(|b| f64::from(f32::from_le_bytes(*b))).collect()
        }
        _ => {
            let words = view.data().as_chunks().0.iter();
            words.map(|b| f64::from_le_bytes(*b)).collect()
        }
    };
    let tensors = file.tensors();
    let named = tensors
        .iter()
        .map(|(name, view)| (name.clone(), numbers(view)));
    named.collect()
}

/// Shape and numbers.
type Stored = (Vec<usize>, Vec<f32>);

/// A tensor of each parameter as files hold it, [outputs, inputs], by name.
#[derive(Default)]
pub(crate) struct Weights(pub(crate) BTreeMap<String, Stored>);

impl Weights {
    /// Those of a model, which comes back.
    pub(crate) fn of(model: Transformer) -> (Transformer, Self) {
        let mut weights = Self::default();
        (model.map_parameters(&mut weights), weights)
    }

    /// Of the same shapes, as `f(name, [rows, columns], place)`; a vector is one row.
    pub(crate) fn map(&self, f: impl Fn(&str, [usize; 2], usize) -> f64) -> Self {
        let all = self.0.iter().map(|(name, (shape, numbers))| {
            let rows = if shape.len() == 2 { shape[0] } else { 1 };
            let size = [rows, numbers.len() / rows];
            let numbers = (0..numbers.len()).map(|i| f(name, size, i) as f32);
            (name.clone(), (shape.clone(), numbers.collect()))
        });
        Self(all.collect())
    }

    /// One after another, by name.
    pub(crate) fn flat(&self) -> Vec<f32> {
        let all = self.0.values().flat_map(|(_, numbers)| numbers);
        all.copied().collect()
    }

    /// The gradients of a step of the fixture.
    pub(crate) fn gradients(step: u64) -> Self {
        const SCALES: [f64; 6] = [2.0, 0.05, 0.7, 10.0, 0.01, 0.2];
        let scale = SCALES[(step as usize - 1) % SCALES.len()];
        let (_, weights) = Self::of(model());
        let names: Vec<_> = weights.0.keys().cloned().collect();
        weights.map(|name, _, i| {
            let place = names.iter().position(|n| n == name).unwrap();
            hashed(step, place, i) * scale
        })
    }
}

impl ParameterMap for Weights {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        let stored = match weight.kind {
            TensorKind::Matrix => tensor.clone().transpose(),
            _ => tensor.clone(),
        };
        // matrices of experts one below another
        let shape = stored.dims().to_vec();
        let numbers = Numbers::of(stored).unwrap().as_slice().to_vec();
        let entry = (shape, numbers);
        self.0.insert(weight.name.clone(), entry);
        tensor
    }
}

/// A number from -0.5 to 0.5 with 24 bits.
fn hashed(step: u64, place: usize, i: usize) -> f64 {
    let mut x = (i + 1000 * place) as u32 + 100_000 * step as u32;
    for (shift, factor) in [(16, 0x7feb_352d), (15, 0x846c_a68b)] {
        x = (x ^ (x >> shift)).wrapping_mul(factor);
    }
    f64::from((x ^ (x >> 16)) >> 8) / f64::from(1 << 24) - 0.5
}

/// The model of the fixture before the first step.
pub(crate) fn model() -> Transformer {
    let mut spec = ArchSpec::new(1, 8, 2);
    (spec.vocab, spec.context, spec.kv_heads, spec.d_ff) = (12, 8, 1, 12);
    spec.position = Position::None;
    spec.norm = Norm::RmsNorm;
    spec.activation = Activation::SwiGlu;
    let device = Backend::Flex.device().unwrap().autodiff();
    let (model, drawn) = Weights::of(Transformer::new(&spec, 1, &device).unwrap());
    let names: Vec<_> = drawn.0.keys().cloned().collect();
    let start = drawn.map(|name, _, i| {
        let place = names.iter().position(|n| n == name).unwrap();
        let one = if name.contains("norm") { 1.0 } else { 0.0 };
        one + 0.5 * hashed(0, place, i)
    });
    model.map_parameters(&mut Put(start))
}

/// Puts weights in the place of those that are there.
struct Put(Weights);

impl Put {
    fn tensor<const D: usize>(&self, weight: &TensorName, like: &Tensor<D>) -> Tensor<D> {
        let (shape, numbers) = &self.0.0[&weight.name];
        let data = TensorData::new(numbers.clone(), shape.clone());
        let tensor = Tensor::<D>::from_data(data, &like.device());
        match weight.kind {
            TensorKind::Matrix => tensor.transpose(),
            _ => tensor,
        }
    }
}

impl ParameterMap for Put {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        // laid out afresh
        let data = self.tensor(weight, &tensor).into_data();
        Tensor::from_data(data, &tensor.device()).set_require_grad(tensor.is_require_grad())
    }
}

/// Sums parameters times what their gradients shall be.
struct Sum(Put, Option<Tensor<1>>);

impl ParameterMap for Sum {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        let part = (tensor.clone() * self.0.tensor(weight, &tensor)).sum();
        self.1 = Some(match self.1.take() {
            Some(sum) => sum + part,
            None => part,
        });
        tensor
    }
}

/// The model, and gradients of it that are these numbers.
pub(crate) fn with_gradients(model: Transformer, gradients: &Weights) -> (Transformer, Gradients) {
    let mut sum = Sum(Put(Weights(gradients.0.clone())), None);
    let model = model.map_parameters(&mut sum);
    (model, sum.1.unwrap().backward())
}

pub(crate) fn assert_close(ours: &[f32], theirs: &[f64], tolerance: f64, what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!(
            (f64::from(*a) - b).abs() < tolerance,
            "{what}, {i}: {a}, {b}"
        );
    }
}
