//! The weights of models of every family: files in its layout hold the numbers that are in memory.
#![cfg(feature = "flex")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;

use burn::tensor::{Tensor, TensorData};
use outcrop_arch::{ArchSpec, HuggingFace, OUTCROP, TensorName};
use outcrop_forward::{Published, forward};
use outcrop_model::{Backend, ParameterMap, Transformer};
use serde_json::Value;

/// The architectures that the families are compared with transformers for, but those that are not trained.
fn architectures() -> impl Iterator<Item = (String, ArchSpec)> {
    let cases =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../outcrop-forward/tests/families/cases");
    let files = std::fs::read_dir(cases).unwrap();
    let read = |file: std::io::Result<std::fs::DirEntry>| {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let case: Value = serde_json::from_str(&text).unwrap();
        let read = HuggingFace::parse(&case["config"].to_string(), "config.json").unwrap();
        (path.display().to_string(), read.arch)
    };
    let trained = |arch: &ArchSpec| arch.experts.is_none() && arch.patches.is_none();
    files.map(read).filter(move |(_, arch)| trained(arch))
}

/// Moves every number by up to 1/8 in steps of 2^-8: gains less 1 are exact, and no two rows are alike.
struct Stir(u32);

impl ParameterMap for Stir {
    fn map<const D: usize>(&mut self, _: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        let shape = tensor.dims();
        let mut next = || {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((self.0 >> 26) as f32 - 32.0) / 256.0
        };
        let noise: Vec<f32> = (0..shape.iter().product()).map(|_| next()).collect();
        let noise = TensorData::new(noise, shape);
        Tensor::from_data(noise, &tensor.device()) + tensor
    }
}

/// The residual stream after every block, by the forward pass of published models.
fn states(model: &Published) -> Vec<Vec<f32>> {
    let mut states = Vec::new();
    let mut keep = |_: usize, _: usize, hidden: &mut [f32]| states.push(hidden.to_vec());
    forward(model, &[vec![3, 1, 4, 1, 5, 9, 2, 6]], &mut keep).unwrap();
    states
}

#[test]
fn a_file_of_a_family_holds_what_is_in_memory() {
    let device = Backend::Flex.device().unwrap();
    for (name, arch) in architectures() {
        let model = Transformer::new(&arch, 1, &device).unwrap();
        let model = model.map_parameters(&mut Stir(7));
        let of = |model: &Transformer, family| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("model.safetensors");
            model.save_as(family, &path).unwrap();
            let published = Published::with_arch(arch.clone(), family, folder.path()).unwrap();
            let loaded = Transformer::load_as(&arch, family, &path, &device).unwrap();
            (states(&published), loaded)
        };
        let (given, loaded) = of(&model, arch.family());
        let (expected, _) = of(&model, &OUTCROP);
        assert!(given == expected, "{name}");
        assert!(of(&loaded, &OUTCROP).0 == expected, "{name}, loaded");
    }
}
