//! The table of what routers do, of a small mixture of experts: written, gone on with, and repaired.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use outcrop_arch::HuggingFace;
use outcrop_checkpoint::{CheckpointSeries, Tensor, write_tensors};
use outcrop_core::{ExpertShare, table};
use outcrop_series::{CheckpointSource, Folder, SeriesOptions, SeriesOutcome, measure_series};
use outcrop_tokens::Sequences;

const CONFIG: &str = r#"{"model_type": "mixtral", "vocab_size": 61, "hidden_size": 16, "intermediate_size": 20,
    "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 32,
    "num_local_experts": 5, "num_experts_per_tok": 2, "sliding_window": null, "rope_theta": 10000.0}"#;

fn write(folder: &Path, scale: f32) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("config.json"), CONFIG).unwrap();
    let read = HuggingFace::parse(CONFIG, "config.json").unwrap();
    let tensor = |t: outcrop_arch::TensorName| {
        let seed = t.name.len() as f32;
        let value = |i: usize| match t.shape.len() {
            1 => 1.0,
            _ => scale * ((i as f32 + seed) * 12.9898).sin(),
        };
        Tensor {
            data: (0..t.shape.iter().product()).map(value).collect(),
            name: t.name.clone(),
            shape: t.shape.clone(),
        }
    };
    let tensors = read.family.tensors(&read.arch).unwrap();
    let tensors: Vec<Tensor> = tensors.into_iter().map(tensor).collect();
    let path = folder.join("model.safetensors");
    write_tensors(&path, &tensors, &BTreeMap::new()).unwrap();
}

fn measure(series: &Path, out: &Folder, repair: bool) -> SeriesOutcome {
    let source = CheckpointSource::Local(CheckpointSeries::open(series).unwrap());
    let ids = vec![(0..20).collect(), (16..32).collect()];
    let tokens = Sequences::of(ids, None, "two sequences".into());
    let options = SeriesOptions {
        repair,
        ..SeriesOptions::new("tiny")
    };
    let stop = AtomicBool::new(false);
    measure_series(&source, &tokens, out, &options, &stop, &mut |_| {}).unwrap()
}

fn rows(out: &Folder) -> Vec<ExpertShare> {
    let read = table::read_rows::<ExpertShare>(&out.file("routers.csv")).unwrap();
    assert_eq!(read.problems, []);
    read.rows
}

#[test]
fn shares_add_up_to_the_experts_that_a_token_passes() {
    let dir = tempfile::tempdir().unwrap();
    let series = dir.path().join("tiny");
    write(&series.join("step8"), 0.5);
    write(&series.join("step0"), 0.1);
    let out = Folder::new(dir.path().join("out"));
    assert_eq!(measure(&series, &out, false).measured, 2);
    let written = rows(&out);
    assert_eq!(written.len(), 2 * 2 * 5);
    assert!(written.is_sorted_by_key(|row| (row.step, row.layer, row.expert)));
    for layer in written.chunks(5) {
        let share: f64 = layer.iter().map(|row| row.share).sum();
        let p: f64 = layer.iter().map(|row| row.probability).sum();
        assert!(
            (share - 2.0).abs() < 1e-12 && (p - 1.0).abs() < 1e-6,
            "{layer:?}"
        );
        // 36 tokens
        assert!(
            layer
                .iter()
                .all(|row| (row.share * 36.0 - (row.share * 36.0).round()).abs() < 1e-9)
        );
    }
    assert_eq!(measure(&series, &out, false).before, 2);
    assert_eq!(rows(&out), written);
    // a table that lost its end is measured again from there
    let path = out.file("routers.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &text[..text.len() - 30]).unwrap();
    assert_eq!(measure(&series, &out, true).before, 1);
    assert_eq!(rows(&out), written);
}
