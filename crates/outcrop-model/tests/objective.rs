//! What may be added to the loss of training, against PyTorch; see `fixtures/export_objective.py`.
#![cfg(feature = "flex")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Gradients, Int, Tensor};
use outcrop_arch::{ArchSpec, TensorKind, TensorName};
use outcrop_model::{
    Backend, HiddenNoise, NoTap, Objective, ParameterMap, TrainingLoss, Transformer, ids,
};

type Numbers = BTreeMap<String, Vec<f64>>;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn read(file: &str) -> Numbers {
    let bytes = std::fs::read(fixtures().join(file)).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let numbers = |view: &safetensors::tensor::TensorView<'_>| -> Vec<f64> {
        let (words, longs) = (
            view.data().as_chunks().0.iter(),
            view.data().as_chunks().0.iter(),
        );
        match view.dtype() {
            safetensors::Dtype::F32 => words.map(|b| f64::from(f32::from_le_bytes(*b))).collect(),
            safetensors::Dtype::I32 => words.map(|b| f64::from(i32::from_le_bytes(*b))).collect(),
            _ => longs.map(|b| f64::from_le_bytes(*b)).collect(),
        }
    };
    let tensors = file.tensors();
    let named = tensors
        .iter()
        .map(|(name, view)| (name.clone(), numbers(view)));
    named.collect()
}

fn model() -> Transformer {
    let folder = fixtures().join("neox_c");
    let config = std::fs::read_to_string(folder.join("config.json")).unwrap();
    let spec = ArchSpec::from_huggingface(&config, "config.json").unwrap();
    let device = Backend::Flex.device().unwrap().autodiff();
    Transformer::load(&spec, &folder.join("model.safetensors"), &device).unwrap()
}

/// The ids of the fixture, and those that follow them.
fn batch(model: &Transformer) -> [Tensor<2, Int>; 2] {
    let tokens: Vec<u32> = read("neox_c/reference.safetensors")["ids"]
        .iter()
        .map(|x| *x as u32)
        .collect();
    let next = tokens
        .chunks(16)
        .flat_map(|row| (1..=16).map(|i| row[i % 16]));
    let next: Vec<u32> = next.collect();
    [tokens, next].map(|tokens| ids(&tokens, [2, 16], model.device()))
}

/// Gradients as files hold the parameters.
struct Take(Gradients, Numbers);

impl ParameterMap for Take {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        let gradient = tensor.grad_remove(&mut self.0).unwrap();
        let gradient = match weight.kind {
            TensorKind::Matrix => gradient.transpose(),
            _ => gradient,
        };
        let numbers: Vec<f32> = gradient.try_into_vec_as().unwrap();
        self.1.insert(
            weight.name.clone(),
            numbers.into_iter().map(f64::from).collect(),
        );
        tensor
    }
}

/// The loss and its gradients.
fn compute(model: &Transformer, objective: &Objective) -> (TrainingLoss, Numbers) {
    let [x, y] = batch(model);
    let loss = model.training_loss(x, y, objective).unwrap();
    let mut take = Take(loss.total.backward(), Numbers::new());
    model.clone().map_parameters(&mut take);
    (loss, take.1)
}

fn number(tensor: Tensor<1>) -> f64 {
    f64::from(tensor.try_into_scalar::<f32>().unwrap())
}

fn assert_close(ours: &Numbers, theirs: &Numbers, tolerance: f64, what: &str) {
    assert!(!ours.is_empty());
    for (name, ours) in ours {
        let theirs = &theirs[name];
        let largest = theirs.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
            let bound = tolerance * largest.max(1e-3);
            assert!((a - b).abs() <= bound, "{what}, {name} {i}: {a}, {b}");
        }
    }
}

fn cases() -> [(&'static str, Objective); 3] {
    let nothing = Objective::default();
    let tails = Objective {
        tail_penalty: 0.02,
        ..nothing
    };
    [
        (
            "z",
            Objective {
                z_loss: 0.3,
                ..nothing
            },
        ),
        ("tails", tails),
        (
            "clamp",
            Objective {
                clamp: Some(4.0),
                ..tails
            },
        ),
    ]
}

#[test]
fn values_and_gradients_are_those_of_pytorch() {
    let fixture = read("objective.safetensors");
    for (case, objective) in cases() {
        let prefix = format!("{case}.");
        let expected = fixture
            .iter()
            .filter_map(|(name, x)| Some((name.strip_prefix(&prefix)?, x)));
        let mut expected: Numbers = expected
            .map(|(name, x)| (name.to_owned(), x.clone()))
            .collect();
        let value = expected.remove("value").unwrap();
        for (form, model) in [("fused", model()), ("composed", model().composed())] {
            let what = format!("{case}, {form}");
            let (loss, gradients) = compute(&model, &objective);
            let term = loss.z.or(loss.tails).unwrap();
            let found = [number(loss.cross_entropy), number(term)];
            for (ours, theirs) in found.iter().zip(&value) {
                assert!(
                    (ours / theirs - 1.0).abs() < 2e-6,
                    "{what}: {ours}, {theirs}"
                );
            }
            assert_eq!(gradients.len(), expected.len());
            assert_close(&gradients, &expected, 2e-5, &what);
        }
    }
}

#[test]
fn an_objective_of_nothing_is_the_loss_to_the_bit() {
    for model in [model(), model().composed()] {
        let [x, y] = batch(&model);
        let plain = model.loss(x, y, &mut NoTap);
        let mut take = Take(plain.backward(), Numbers::new());
        let model = model.map_parameters(&mut take);
        // a clamp that nothing reaches changes nothing either
        for clamp in [None, Some(1e9)] {
            let objective = Objective {
                clamp,
                ..Objective::default()
            };
            let (loss, gradients) = compute(&model, &objective);
            assert_eq!(number(loss.cross_entropy), number(plain.clone().inner()));
            assert!(loss.z.is_none() && loss.tails.is_none());
            assert!(gradients == take.1);
        }
    }
}

#[test]
fn noise_is_the_same_in_both_forms_and_on_any_number_of_threads() {
    let noise = HiddenNoise {
        size: 0.5,
        above: 3.0,
        seed: 1,
        step: 9,
        first_sequence: 0,
    };
    let objective = |step| Objective {
        noise: Some(HiddenNoise { step, ..noise }),
        clamp: Some(6.0),
        tail_penalty: 0.02,
        z_loss: 0.1,
    };
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| compute(&model(), &objective(9)).1)
    };
    let fused = on(1);
    assert!(fused == on(3));
    let composed = compute(&model().composed(), &objective(9)).1;
    assert_close(&fused, &composed, 2e-5, "noise");
    let [plain, other] = [
        Objective {
            noise: None,
            ..objective(9)
        },
        objective(10),
    ];
    for changed in [plain, other] {
        assert!(compute(&model(), &changed).1 != fused);
    }
}
