//! Against PyTorch with hooks on the block outputs (tests/fixtures/export.py).
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::PathBuf;

use outcrop_forward::{Published, forward};
use outcrop_measure::Meter;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The folders with checkpoints.
fn cases() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(fixtures()).unwrap();
    let mut folders: Vec<PathBuf> = entries
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_dir())
        .collect();
    folders.sort();
    folders
}

#[test]
fn hidden_states_and_their_statistics_agree_with_pytorch() {
    let (mut compared, mut worst) = (0, 0.0f64);
    for folder in cases() {
        let text = std::fs::read_to_string(folder.join("reference.json")).unwrap();
        let reference: serde_json::Value = serde_json::from_str(&text).unwrap();
        let ids: Vec<Vec<u32>> = serde_json::from_value(reference["ids"].clone()).unwrap();
        let model = Published::open(&folder).unwrap();
        let d = model.arch().d_model;
        let mut meter = Meter::new();
        forward(&model, &ids, |layer, sequence, hidden| {
            let expected = &reference["layers"][layer - 1][sequence];
            let states: Vec<f64> = serde_json::from_value(expected["hidden"].clone()).unwrap();
            assert_eq!(states.len(), hidden.len());
            let largest = states.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
            for (ours, theirs) in hidden.iter().zip(&states) {
                let error = (f64::from(*ours) - theirs).abs() / largest;
                worst = worst.max(error);
                assert!(error < 1e-4, "{folder:?} layer {layer}: {ours} {theirs}");
            }
            let stats = meter.measure(hidden, d).unwrap();
            let close = |a: f32, b: f64| (f64::from(a) / b - 1.0).abs() < 1e-5;
            assert!(
                close(stats.median.unwrap(), expected["median"].as_f64().unwrap()),
                "{folder:?}"
            );
            for (top, theirs) in stats.top.iter().zip(expected["top"].as_array().unwrap()) {
                let top = top.unwrap();
                assert!(
                    close(top.magnitude, theirs[0].as_f64().unwrap()),
                    "{folder:?} layer {layer}"
                );
                let place = [u64::from(top.place.position), u64::from(top.place.channel)];
                assert_eq!(place.map(Some), [theirs[1].as_u64(), theirs[2].as_u64()]);
            }
            compared += 1;
        })
        .unwrap();
    }
    println!("{compared} hidden states, worst {worst:.1e} of the layer's maximum");
    assert!(compared >= 14 * 4);
}

#[test]
fn the_same_bits_on_any_number_of_threads_and_for_sequences_of_any_length() {
    let model = Published::open(&fixtures().join("llama-grouped")).unwrap();
    let long: Vec<u32> = (0..500).map(|i| i * 7 % 61).collect();
    let run = |threads: usize, sequences: Vec<Vec<u32>>| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let mut last = Vec::new();
        pool.install(|| forward(&model, &sequences, |_, _, hidden| last = hidden.to_vec()))
            .unwrap();
        last
    };
    let whole = run(1, vec![long.clone()]);
    assert_eq!(whole, run(3, vec![long.clone()]));
    // causal: what comes later changes nothing
    let part = run(2, vec![long[..130].to_vec()]);
    for (a, b) in part.iter().zip(&whole) {
        assert!((a - b).abs() <= 1e-5 * b.abs().max(1.0));
    }
}

#[test]
fn bad_input_is_named() {
    let folder = fixtures().join("gpt2");
    let model = Published::open(&folder).unwrap();
    let refused = |ids: Vec<u32>| {
        forward(&model, &[vec![1], ids], |_, _, _| ())
            .unwrap_err()
            .to_string()
    };
    assert!(refused(vec![0, 61]).contains("token 61 at position 1 is beyond the vocabulary of 61"));
    assert!(refused(vec![0; 33]).contains("33 tokens; allowed is 1 to 32"));
    assert!(refused(vec![]).contains("0 tokens"));
    let mixed = tempfile::tempdir().unwrap();
    std::fs::copy(folder.join("config.json"), mixed.path().join("config.json")).unwrap();
    let other = fixtures().join("gpt2-narrow-mlp/model.safetensors");
    std::fs::copy(other, mixed.path().join("model.safetensors")).unwrap();
    let error = Published::open(mixed.path()).unwrap_err().to_string();
    assert!(
        error.contains("c_fc.weight") && error.contains("shape"),
        "{error}"
    );
}
