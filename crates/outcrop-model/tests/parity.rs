//! Agreement with Hugging Face transformers, layer by layer; see `fixtures/export_neox.py`.
#![cfg(feature = "flex")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use burn::tensor::Tensor;
use outcrop_arch::ArchSpec;
use outcrop_model::{Backend, Tap, TapPoint, Transformer, ids};

/// Keeps every hidden state.
#[derive(Default)]
struct Keep(HashMap<(usize, TapPoint), Vec<f32>>);

impl Tap for Keep {
    fn wants(&self, _: TapPoint) -> bool {
        true
    }

    fn tap(&mut self, layer: usize, point: TapPoint, hidden: &Tensor<3>) {
        self.0.insert((layer, point), values(hidden.clone()));
    }
}

fn values(tensor: Tensor<3>) -> Vec<f32> {
    tensor.inner().try_into_vec_as().unwrap()
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

struct Reference {
    ids: Vec<u32>,
    tensors: HashMap<String, Vec<f32>>,
}

fn reference(folder: &Path) -> Reference {
    let bytes = std::fs::read(folder.join("reference.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let words = |name: &str| {
        file.tensor(name)
            .unwrap()
            .data()
            .as_chunks::<4>()
            .0
            .to_vec()
    };
    let floats = |name: &str| words(name).into_iter().map(f32::from_le_bytes).collect();
    let names = file.names().into_iter().filter(|n| *n != "ids");
    Reference {
        ids: words("ids").into_iter().map(u32::from_le_bytes).collect(),
        tensors: names.map(|n| (n.to_owned(), floats(n))).collect(),
    }
}

fn assert_close(ours: &[f32], theirs: &[f32], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let largest = theirs.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    for (a, b) in ours.iter().zip(theirs) {
        assert!(
            (a - b).abs() <= 1e-4 * largest.max(1.0),
            "{what}: {a} is not {b}"
        );
    }
}

fn model(name: &str) -> Transformer {
    let folder = folder(name);
    let config = std::fs::read_to_string(folder.join("config.json")).unwrap();
    let spec = ArchSpec::from_huggingface(&config, "config.json").unwrap();
    let device = Backend::Flex.device().unwrap();
    Transformer::load(&spec, &folder.join("model.safetensors"), &device).unwrap()
}

fn check(name: &str) {
    let (model, reference) = (model(name), reference(&folder(name)));
    let mut keep = Keep::default();
    let shape = [2, reference.ids.len() / 2];
    let logits = model.forward(ids(&reference.ids, shape, model.device()), &mut keep);
    for layer in 1..=model.spec().layers {
        for (point, key) in [
            (TapPoint::ResidPre, format!("layer_{}", layer - 1)),
            (TapPoint::AttnWrite, format!("attn_write_{layer}")),
            (TapPoint::MlpWrite, format!("mlp_write_{layer}")),
            (TapPoint::ResidPost, format!("layer_{layer}")),
        ] {
            let ours = &keep.0[&(layer, point)];
            assert_close(ours, &reference.tensors[&key], &format!("{name}, {key}"));
        }
    }
    assert_close(
        &values(logits),
        &reference.tensors["logits"],
        &format!("{name}, logits"),
    );
}

#[test]
fn parallel_residual_quarter_rotary_exact_gelu() {
    check("neox_a");
}

#[test]
fn sequential_residual_full_rotary_tanh_gelu() {
    check("neox_b");
}

#[test]
fn relu_half_rotary() {
    check("neox_c");
}

/// Also for learned positions, which Hugging Face's GPT-NeoX does not have.
#[test]
fn what_the_sublayers_write_adds_up_to_the_residual_stream() {
    let device = Backend::Flex.device().unwrap();
    for residual in [
        outcrop_arch::Residual::Parallel,
        outcrop_arch::Residual::Sequential,
    ] {
        let spec = ArchSpec {
            vocab: 32,
            context: 8,
            residual,
            position: outcrop_arch::Position::Learned,
            ..ArchSpec::new(2, 16, 2)
        };
        let model = Transformer::new(&spec, 5, &device).unwrap();
        let mut keep = Keep::default();
        model.forward(ids(&[3, 1, 4, 1, 5, 9, 2, 6], [1, 8], &device), &mut keep);
        for layer in 1..=2 {
            let at = |point| &keep.0[&(layer, point)];
            for (i, post) in at(TapPoint::ResidPost).iter().enumerate() {
                let parts = [TapPoint::ResidPre, TapPoint::AttnWrite, TapPoint::MlpWrite];
                let sum = parts.iter().fold(0.0, |sum, p| sum + at(*p)[i]);
                assert_eq!(*post, sum, "layer {layer}, scalar {i}");
            }
        }
    }
}

#[test]
fn saved_weights_load_back_to_the_same_logits() {
    let model = model("neox_a");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    model.save(&path).unwrap();
    let again = Transformer::load(model.spec(), &path, model.device()).unwrap();
    let tokens = ids(&[1, 2, 3, 4], [1, 4], model.device());
    let logits = |m: &Transformer| values(m.forward(tokens.clone(), &mut outcrop_model::NoTap));
    assert_eq!(logits(&model), logits(&again));
}

#[test]
fn weights_that_do_not_fit_are_listed() {
    let config = std::fs::read_to_string(folder("neox_a").join("config.json")).unwrap();
    let spec = ArchSpec::from_huggingface(&config, "config.json").unwrap();
    let other = ArchSpec {
        layers: 4,
        d_ff: 64,
        ..spec
    };
    let device = Backend::Flex.device().unwrap();
    let path = folder("neox_a").join("model.safetensors");
    let error = Transformer::load(&other, &path, &device)
        .unwrap_err()
        .to_string();
    for part in [
        "`gpt_neox.layers.3.mlp.dense_4h_to_h.bias` is missing",
        "`gpt_neox.layers.0.mlp.dense_h_to_4h.weight` has shape [80, 32], expected [64, 32]",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

/// The definition, not our output: draws of each matrix have the standard deviation that
/// small_init and wang_init ask for.
#[test]
fn initial_weights_have_the_deviations_of_pythia() {
    let spec = ArchSpec {
        vocab: 500,
        context: 8,
        ..ArchSpec::new(4, 64, 4)
    };
    let device = Backend::Flex.device().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    Transformer::new(&spec, 3, &device)
        .unwrap()
        .save(&path)
        .unwrap();
    for tensor in outcrop_checkpoint::read_tensors(&path).unwrap() {
        let n = tensor.data.len() as f64;
        let mean = tensor.data.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        let std = (tensor
            .data
            .iter()
            .map(|v| f64::from(*v).powi(2))
            .sum::<f64>()
            / n)
            .sqrt();
        let expected = match tensor.name.as_str() {
            name if name.ends_with("bias") => 0.0,
            name if name.contains("norm") => 1.0,
            name if name.contains("dense.") || name.contains("4h_to_h") => 2.0 / (4.0 * 8.0),
            _ => (2.0f64 / (5.0 * 64.0)).sqrt(),
        };
        assert!(
            (std - expected).abs() <= 0.05 * expected,
            "{}: {std}",
            tensor.name
        );
        if expected < 1.0 {
            assert!(mean.abs() <= 0.1 * expected, "{}: {mean}", tensor.name);
        }
    }
}

/// Keeps what each block leaves, which operations of our own show too.
#[derive(Default)]
struct After(Vec<Vec<f32>>);

impl Tap for After {
    fn wants(&self, point: TapPoint) -> bool {
        point == TapPoint::ResidPost
    }

    fn tap(&mut self, _: usize, _: TapPoint, hidden: &Tensor<3>) {
        self.0.push(values(hidden.clone()));
    }
}

/// Far from the first position the precision of rotary angles shows; see `export.py` there.
#[test]
fn states_after_2048_tokens_are_those_of_transformers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../outcrop-forward/tests/long");
    let config = std::fs::read_to_string(folder.join("neox/config.json")).unwrap();
    let spec = ArchSpec::from_huggingface(&config, "config.json").unwrap();
    let device = Backend::Flex.device().unwrap();
    let weights = folder.join("neox/model.safetensors");
    let tokens: Vec<u32> = (0..2048).map(|i| (i * i + 7 * i) % 61).collect();
    let expected = outcrop_checkpoint::read_tensors(&folder.join("reference.safetensors")).unwrap();
    for composed in [false, true] {
        let model = Transformer::load(&spec, &weights, &device).unwrap();
        let model = if composed { model.composed() } else { model };
        let mut keep = After::default();
        model.forward(ids(&tokens, [1, 2048], &device), &mut keep);
        for layer in 1..=2 {
            let name = format!("rows_{layer}");
            let rows = &expected.iter().find(|t| t.name == name).unwrap().data;
            let ours = &keep.0[layer - 1];
            let largest = ours.iter().fold(0.0f32, |m, v| m.max(v.abs()));
            for (row, position) in [0, 1, 1515, 1889, 2003, 2047].into_iter().enumerate() {
                for channel in 0..32 {
                    let (ours, theirs) = (ours[position * 32 + channel], rows[row * 32 + channel]);
                    let error = (ours - theirs).abs() / largest;
                    assert!(
                        error < 4e-5,
                        "composed {composed}, {name}, {position}: {ours} {theirs}"
                    );
                }
            }
        }
    }
}
