//! Both ways of computing a model, operations of our own and those composed of Burn's, on the table of
//! `tests/architectures`: against each other in every number, for the table and for every word of every switch, and
//! against PyTorch in float64. `--nocapture` shows how far they are from each other.
#![cfg(feature = "flex")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::path::Path;

use architectures::{Case, Parts, Summary};
use burn::tensor::{Gradients, Tensor};
use outcrop_arch::{ArchSpec, TensorName};
use outcrop_checkpoint::{read_tensors, write_tensors};
use outcrop_model::{Backend, ParameterMap, TapPoint, Transformer, ids};

/// Puts gradients in the place of parameters, so that they are saved as those are.
struct Take(Gradients);

impl ParameterMap for Take {
    fn map<const D: usize>(&mut self, _: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        tensor.grad_remove(&mut self.0).unwrap()
    }
}

/// Keeps the residual stream after every block.
#[derive(Default)]
struct Keep(Vec<Vec<f32>>);

impl outcrop_model::Tap for Keep {
    fn tap(&mut self, _: usize, _: TapPoint, hidden: &Tensor<3>) {
        let hidden = hidden.clone().inner();
        self.0.push(hidden.try_into_vec_as().unwrap());
    }
}

/// What a file of this architecture holds.
fn tensors(arch: &ArchSpec) -> Vec<TensorName> {
    let mut tensors = arch.family().tensors(arch).unwrap();
    tensors.retain(|tensor| tensor.required);
    tensors
}

/// Writes the weights of the table as a file.
fn write(arch: &ArchSpec, path: &Path) {
    let parts = architectures::weights(arch);
    let tensor = |tensor: TensorName| outcrop_checkpoint::Tensor {
        data: architectures::to_file(&tensor, &parts),
        name: tensor.name,
        shape: tensor.shape,
    };
    let tensors: Vec<_> = tensors(arch).into_iter().map(tensor).collect();
    write_tensors(path, &tensors, &BTreeMap::new()).unwrap();
}

fn read(path: &Path) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let tensors = read_tensors(path).unwrap().into_iter();
    tensors.map(|t| (t.name, (t.shape, t.data))).collect()
}

/// What a model computes of the batch of the table.
struct Computed {
    loss: f32,
    hidden: Vec<Vec<f32>>,
    gradients: Parts,
}

fn computed(model: &Transformer) -> Computed {
    let (arch, device) = (model.spec(), model.device());
    let tokens = architectures::tokens(arch);
    let rows = || tokens.chunks(arch.context + 1);
    let tensor = |from: usize| {
        let tokens = rows().flat_map(|row| &row[from..][..arch.context]);
        let tokens: Vec<u32> = tokens.copied().collect();
        ids(&tokens, [rows().len(), arch.context], device)
    };
    let mut keep = Keep::default();
    let loss = model.loss(tensor(0), tensor(1), &mut keep);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("gradients.safetensors");
    let gradients = model.clone().map_parameters(&mut Take(loss.backward()));
    gradients.save(&path).unwrap();
    let saved = read(&path)
        .into_iter()
        .map(|(name, (_, values))| (name, values));
    Computed {
        loss: loss.inner().try_into_scalar().unwrap(),
        hidden: keep.0,
        gradients: architectures::from_file(&tensors(arch), &saved.collect()),
    }
}

/// The model as operations of our own, and composed of Burn's.
fn both(arch: &ArchSpec) -> [Computed; 2] {
    let device = Backend::Flex.device().unwrap().autodiff();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    write(arch, &path);
    let model = Transformer::load(arch, &path, &device).unwrap();
    [computed(&model), computed(&model.composed())]
}

fn largest<'a>(values: impl IntoIterator<Item = &'a f32>) -> f64 {
    let values = values.into_iter();
    values.fold(0.0, |most, x| most.max(f64::from(x.abs())))
}

/// The largest difference, over the largest number or over `least` where that is more.
fn distance(a: &[f32], b: &[f32], least: f64) -> f64 {
    assert_eq!(a.len(), b.len());
    let differences = a.iter().zip(b).map(|(a, b)| f64::from(a - b).abs());
    let most = differences.fold(0.0, |m, x| if x > m || x.is_nan() { x } else { m });
    most / largest(b).max(least)
}

/// How far two ways are from each other: the loss and states, gradients. Terms of the size of other gradients may
/// cancel in one, as for biases of keys: their roundings do not.
fn apart(own: &Computed, composed: &Computed) -> [f64; 2] {
    let states = own.hidden.iter().zip(&composed.hidden);
    let states = states.map(|(a, b)| distance(a, b, 0.0));
    let loss = distance(&[own.loss], &[composed.loss], 0.0);
    let most = largest(composed.gradients.values().flatten());
    let of = |(name, b): (&String, &Vec<f32>)| distance(&own.gradients[name], b, most / 100.0);
    let gradients = composed.gradients.iter().map(of);
    [states.fold(loss, f64::max), gradients.fold(0.0, f64::max)]
}

#[test]
fn operations_of_our_own_are_those_composed_of_burns() {
    for Case { name, arch } in architectures::cases() {
        let [own, composed] = both(&arch);
        assert_eq!(own.hidden.len(), arch.layers, "{name}");
        assert!(own.gradients.keys().eq(composed.gradients.keys()), "{name}");
        let [forward, backward] = apart(&own, &composed);
        println!("{name}: {forward:.1e} forward, {backward:.1e} backward");
        assert!(
            forward < 1e-5 && backward < 1e-5,
            "{name}: {forward:.1e} forward, {backward:.1e} backward"
        );
    }
}

fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|x| f64::from(*x)).collect()
}

#[test]
fn losses_states_and_gradients_are_those_of_pytorch() {
    let expected = architectures::pytorch();
    for Case { name, arch } in architectures::table() {
        let exact = &expected[&name];
        let most = exact
            .gradients
            .values()
            .map(Summary::norm)
            .fold(0.0, f64::max);
        for (way, ours) in ["own", "composed"].into_iter().zip(both(&arch)) {
            assert!(ours.gradients.keys().eq(exact.gradients.keys()), "{name}");
            let loss = (f64::from(ours.loss) - exact.loss).abs() / exact.loss;
            let states = ours.hidden.iter().zip(&exact.hidden);
            let states = states.map(|(a, b)| Summary::of(&doubles(a)).distance(b, 0.0));
            let gradients = ours.gradients.iter().map(|(part, values)| {
                let exact = &exact.gradients[part];
                Summary::of(&doubles(values)).distance(exact, most / 100.0)
            });
            let (forward, backward) = (states.fold(loss, f64::max), gradients.fold(0.0, f64::max));
            println!("{name}, {way}: {forward:.1e} forward, {backward:.1e} backward");
            assert!(
                forward < 1e-5 && backward < 1e-5,
                "{name}, {way}: {forward:.1e} forward, {backward:.1e} backward"
            );
        }
    }
}

/// Names, shapes and numbers, whatever lies in one matrix in memory.
#[test]
fn a_saved_model_is_the_file_that_was_loaded() {
    let device = Backend::Flex.device().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let [given, saved] = ["given", "saved"].map(|name| dir.path().join(name));
    for Case { name, arch } in architectures::cases() {
        write(&arch, &given);
        let model = Transformer::load(&arch, &given, &device).unwrap();
        model.save(&saved).unwrap();
        assert!(read(&saved) == read(&given), "{name}");
    }
}

/// Checkpoints that transformers wrote, with the states that it computed: those of `outcrop-forward`.
#[test]
fn models_of_transformers_have_the_same_states() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../outcrop-forward/tests/fixtures");
    let names = [
        "llama-biases",
        "llama-grouped",
        "llama-multi-head",
        "llama-one-key",
        "mistral-window",
        "qwen2",
        "qwen2-window",
        "qwen3",
        "qwen3-window",
    ];
    for name in names {
        let folder = fixtures.join(name);
        let text = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
        let spec = ArchSpec::from_huggingface(&text("config.json"), "config.json").unwrap();
        let reference: serde_json::Value = serde_json::from_str(&text("reference.json")).unwrap();
        let device = Backend::Flex.device().unwrap();
        let model = Transformer::load(&spec, &folder.join("model.safetensors"), &device).unwrap();
        let config = spec.to_config().unwrap()["model_type"].clone();
        assert!(
            name.starts_with(config.as_str().unwrap()),
            "{name}: {config}"
        );
        for model in [model.clone().composed(), model] {
            states(&model, &reference, name);
        }
    }
}

fn states(model: &Transformer, reference: &serde_json::Value, name: &str) {
    let sequences: Vec<Vec<u32>> = serde_json::from_value(reference["ids"].clone()).unwrap();
    for (sequence, tokens) in sequences.iter().enumerate() {
        let tokens = &tokens[..tokens.len().min(model.spec().context)];
        let mut keep = Keep::default();
        model.forward(ids(tokens, [1, tokens.len()], model.device()), &mut keep);
        for (layer, ours) in keep.0.iter().enumerate() {
            let theirs = reference["layers"][layer][sequence]["hidden"].clone();
            let theirs: Vec<f32> = serde_json::from_value(theirs).unwrap();
            let distance = distance(ours, &theirs[..ours.len()], 0.0);
            assert!(
                distance < 1e-4,
                "{name}, layer {}: {distance:.1e}",
                layer + 1
            );
        }
    }
}
