//! Memory over many checkpoints, alone in its process.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use outcrop_arch::HuggingFace;
use outcrop_checkpoint::{CheckpointSeries, Tensor, write_tensors};
use outcrop_forward::ObserveOptions;
use outcrop_observe::select;
use outcrop_series::{CheckpointSource, Folder, SeriesEvent, SeriesOptions, measure_series};
use outcrop_tokens::Sequences;

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

fn series(at: &Path, steps: u32) {
    for step in 0..steps {
        write(&at.join(format!("step{step}")), step);
    }
}

fn options(list: &str) -> SeriesOptions {
    let mut options = SeriesOptions::new("tiny");
    options.observe = ObserveOptions {
        observables: select(list).unwrap(),
        sequences: false,
    };
    options
}

/// As many checkpoints as Pythia has: what the process holds at the last is what it held early.
#[test]
#[cfg(target_os = "linux")]
fn memory_is_flat_over_checkpoints() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("tiny");
    series(&at, 154);
    let out = Folder::new(dir.path().join("out"));
    let chosen = SeriesOptions {
        audit: None,
        ..options("all")
    };
    let source = CheckpointSource::Local(CheckpointSeries::open(&at).unwrap());
    let tokens = Sequences::of(vec![(0..32).collect()], None, "one".into());
    let mut held = Vec::new();
    let mut watch = |event: SeriesEvent<'_>| {
        if matches!(event, SeriesEvent::Measured { .. }) {
            let status = std::fs::read_to_string("/proc/self/statm").unwrap();
            let pages: f64 = status.split(' ').nth(1).unwrap().parse().unwrap();
            held.push(pages);
        }
    };
    let stop = AtomicBool::new(false);
    measure_series(&source, &tokens, &out, &chosen, &stop, &mut watch).unwrap();
    let (early, late) = (held[20..40].iter(), held[134..].iter());
    let most = |pages: std::slice::Iter<'_, f64>| pages.copied().fold(0.0, f64::max);
    let [early, late] = [most(early), most(late)];
    assert!(late < 1.05 * early, "{early} pages, then {late}");
}
