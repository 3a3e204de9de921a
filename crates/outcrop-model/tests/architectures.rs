//! One architecture after another, each step of a plan in some of them: loss and gradients of both ways of computing,
//! operations of our own and those composed of Burn's, against PyTorch in float64; see
//! `fixtures/architectures/export_architectures.py`. `--nocapture` shows how far each is away.
#![cfg(feature = "flex")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use burn::tensor::{Gradients, Tensor};
use outcrop_arch::{
    Activation, ArchSpec, Norm, NormPlacement, Plan, Position, Residual, Step, TensorName,
};
use outcrop_model::{Backend, NoTap, ParameterMap, Transformer, ids};
use safetensors::SafeTensors;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/architectures")
}

/// The architectures of `cases.json`, by name.
fn cases() -> BTreeMap<String, ArchSpec> {
    let text = std::fs::read_to_string(folder().join("cases.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn file(name: &str, what: &str) -> PathBuf {
    folder().join(format!("{name}.{what}.safetensors"))
}

/// Loss and gradients by name, and the tokens.
struct Exact {
    values: BTreeMap<String, Vec<f64>>,
    tokens: Vec<u32>,
}

fn exact(name: &str) -> Exact {
    let bytes = std::fs::read(file(name, "gradients")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let doubles = |bytes: &[u8]| {
        let words = bytes.as_chunks().0.iter();
        words.map(|word| f64::from_le_bytes(*word)).collect()
    };
    let tokens = file.tensor("tokens").unwrap();
    let tokens = tokens.data().as_chunks().0.iter();
    let values = file.tensors().into_iter().filter(|(n, _)| n != "tokens");
    Exact {
        values: values.map(|(n, t)| (n, doubles(t.data()))).collect(),
        tokens: tokens.map(|word| u32::from_le_bytes(*word)).collect(),
    }
}

/// Puts gradients in the place of parameters, so that they are saved as those are.
struct Take(Gradients);

impl ParameterMap for Take {
    fn map<const D: usize>(&mut self, _: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        tensor.grad_remove(&mut self.0).unwrap()
    }
}

/// Loss and gradients under the names of files.
fn computed(model: &Transformer, tokens: &[u32]) -> BTreeMap<String, Vec<f32>> {
    let positions = model.spec().context;
    let rows = || tokens.chunks(positions + 1);
    let tensor = |from: usize| {
        let tokens = rows().flat_map(|row| &row[from..][..positions]);
        let tokens: Vec<u32> = tokens.copied().collect();
        ids(&tokens, [rows().len(), positions], model.device())
    };
    let loss = model.loss(tensor(0), tensor(1), &mut NoTap);
    let gradients = model.clone().map_parameters(&mut Take(loss.backward()));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("gradients.safetensors");
    gradients.save(&path).unwrap();
    let saved = outcrop_checkpoint::read_tensors(&path).unwrap();
    let mut all: BTreeMap<_, _> = saved.into_iter().map(|t| (t.name, t.data)).collect();
    all.insert("loss".into(), loss.inner().try_into_vec_as().unwrap());
    all
}

/// The largest difference over the largest number of any tensor's gradient, or of its own.
fn distance(ours: &[f32], exact: &[f64], least: f64) -> f64 {
    assert_eq!(ours.len(), exact.len());
    let size = exact.iter().fold(least, |m, x| m.max(x.abs()));
    let differences = ours
        .iter()
        .zip(exact)
        .map(|(a, b)| (f64::from(*a) - b).abs());
    differences.fold(0.0, |m, x| if x > m || x.is_nan() { x } else { m }) / size
}

#[test]
fn losses_and_gradients_are_those_of_pytorch() {
    let device = Backend::Flex.device().unwrap().autodiff();
    for (name, spec) in cases() {
        let exact = exact(&name);
        let load = || Transformer::load(&spec, &file(&name, "weights"), &device).unwrap();
        for (way, model) in [("composed", load().composed()), ("own", load())] {
            let ours = computed(&model, &exact.tokens);
            assert!(ours.keys().eq(exact.values.keys()), "{name}: {ours:?}");
            let all = exact.values.iter().filter(|(n, _)| *n != "loss");
            let most = all.flat_map(|(_, v)| v).fold(0.0f64, |m, x| m.max(x.abs()));
            let mut worst = 0.0f64;
            for (tensor, values) in &exact.values {
                let distance = distance(&ours[tensor], values, most / 10.0);
                assert!(distance < 1e-5, "{name} {way}, {tensor}: {distance:.1e}");
                worst = worst.max(distance);
            }
            println!("{name}, {way}: at most {worst:.1e} away");
        }
    }
}

/// A name for each step: a new one needs a case above.
fn kind(step: &Step) -> &'static str {
    match step {
        Step::Embed { .. } => "embed",
        Step::AddPosition { .. } => "add position",
        Step::Norm { .. } => "norm",
        Step::Project { .. } => "project",
        Step::HeadNorm { .. } => "head norm",
        Step::Rotate { .. } => "rotate",
        Step::Attend {
            window: None,
            alibi: false,
            ..
        } => "attend",
        Step::Attend {
            window: Some(_),
            alibi: false,
            ..
        } => "attend in a window",
        Step::Attend {
            window: None,
            alibi: true,
            ..
        } => "attend with biases",
        Step::Attend {
            window: Some(_),
            alibi: true,
            ..
        } => "attend with biases in a window",
        Step::Activate { .. } => "activate",
        Step::Multiply { .. } => "multiply",
        Step::Add { .. } => "add",
        Step::Unembed { .. } => "unembed",
    }
}

#[test]
fn every_step_and_every_word_of_a_switch_is_in_some_case() {
    let cases = cases();
    let plans: Vec<Plan> = cases.values().map(Plan::new).collect();
    let kinds: BTreeSet<_> = plans.iter().flat_map(Plan::steps).map(kind).collect();
    assert_eq!(kinds.len(), 14, "{kinds:?}");
    let has = |is: &dyn Fn(&ArchSpec) -> bool| cases.values().any(is);
    for norm in Norm::ALL {
        assert!(has(&|arch| arch.norm == norm), "{norm:?}");
    }
    for placement in NormPlacement::ALL {
        assert!(
            has(&|arch| arch.norm_placement == placement),
            "{placement:?}"
        );
    }
    for residual in Residual::ALL {
        assert!(has(&|arch| arch.residual == residual), "{residual:?}");
    }
    for activation in Activation::ALL {
        assert!(has(&|arch| arch.activation == activation), "{activation:?}");
    }
    assert!(has(&|arch| arch.position == Position::None));
    assert!(has(&|arch| arch.kv_heads < arch.heads && arch.kv_heads > 1));
    assert!(has(&|arch| arch.head_dim.is_some() && arch.tied));
}

/// Names, shapes and numbers, whatever lies in one matrix in memory.
#[test]
fn a_saved_model_is_the_file_that_was_loaded() {
    let device = Backend::Flex.device().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    for (name, spec) in cases() {
        let given = file(&name, "weights");
        let model = Transformer::load(&spec, &given, &device).unwrap();
        model.save(&path).unwrap();
        let read = |path: &Path| -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
            let tensors = outcrop_checkpoint::read_tensors(path).unwrap().into_iter();
            tensors.map(|t| (t.name, (t.shape, t.data))).collect()
        };
        assert!(read(&path) == read(&given), "{name}");
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

/// Keeps the residual stream after every block.
#[derive(Default)]
struct Keep(Vec<Vec<f32>>);

impl outcrop_model::Tap for Keep {
    fn tap(&mut self, _: usize, _: outcrop_model::TapPoint, hidden: &Tensor<3>) {
        self.0.push(hidden.clone().try_into_vec_as().unwrap());
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
            let theirs: Vec<f64> = serde_json::from_value(theirs).unwrap();
            let distance = distance(ours, &theirs[..ours.len()], 0.0);
            assert!(
                distance < 1e-4,
                "{name}, layer {}: {distance:.1e}",
                layer + 1
            );
        }
    }
}
