//! A series of tiny checkpoints.

use std::collections::BTreeMap;
use std::path::Path;

use outcrop_arch::HuggingFace;
use outcrop_checkpoint::{Tensor, write_tensors};
use outcrop_forward::ObserveOptions;
use outcrop_observe::select;
use outcrop_series::SeriesOptions;

const CONFIG: &str = r#"{"model_type": "gpt_neox", "vocab_size": 61, "hidden_size": 16, "intermediate_size": 24,
    "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 32, "rotary_pct": 0.25,
    "hidden_act": "gelu", "use_parallel_residual": true, "tie_word_embeddings": false}"#;

/// A checkpoint whose weights depend on its step.
fn write(folder: &Path, step: u32) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("config.json"), CONFIG).unwrap();
    let read = HuggingFace::parse(CONFIG, "config.json").unwrap();
    let tensor = |t: outcrop_arch::TensorName| {
        let seed = t.name.len() as f32 + step as f32 / 7.0;
        let value = |i: usize| match t.shape.len() {
            1 => 1.0,
            _ => 0.4 * ((i as f32 + seed) * 12.9898).sin(),
        };
        Tensor {
            data: (0..t.shape.iter().product()).map(value).collect(),
            name: t.name.clone(),
            shape: t.shape.clone(),
        }
    };
    let tensors = read.family.tensors(&read.arch).unwrap();
    let tensors: Vec<Tensor> = tensors.into_iter().map(tensor).collect();
    write_tensors(
        &folder.join("model.safetensors"),
        &tensors,
        &BTreeMap::new(),
    )
    .unwrap();
}

/// Writes a series of so many steps.
pub(crate) fn series(at: &Path, steps: u32) {
    for step in 0..steps {
        write(&at.join(format!("step{step}")), step);
    }
}

/// What observes these observables.
pub(crate) fn options(list: &str) -> SeriesOptions {
    let mut options = SeriesOptions::new("tiny");
    options.observe = ObserveOptions {
        observables: select(list).unwrap(),
        ..ObserveOptions::default()
    };
    options
}
