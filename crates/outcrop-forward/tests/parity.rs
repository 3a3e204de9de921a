//! Against PyTorch with hooks on the block outputs (tests/fixtures/export.py).
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use outcrop_arch::OUTCROP;
use outcrop_forward::{AttentionWeights, Hook, Published, forward, next_token_loss};
use outcrop_measure::Meter;
use serde_json::Value;

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

fn open(folder: &Path) -> Published {
    match std::fs::read_to_string(folder.join("arch.json")) {
        Ok(arch) => {
            let arch = serde_json::from_str(&arch).unwrap();
            Published::with_arch(arch, &OUTCROP, folder).unwrap()
        }
        Err(_) => Published::open(folder).unwrap(),
    }
}

fn reference(folder: &Path) -> (Value, Vec<Vec<u32>>) {
    let text = std::fs::read_to_string(folder.join("reference.json")).unwrap();
    let reference: Value = serde_json::from_str(&text).unwrap();
    let ids = serde_json::from_value(reference["ids"].clone()).unwrap();
    (reference, ids)
}

#[test]
fn hidden_states_and_their_statistics_agree_with_pytorch() {
    let (mut compared, mut worst) = (0, 0.0f64);
    for folder in cases() {
        let (reference, ids) = reference(&folder);
        let model = open(&folder);
        let d = model.arch().d_model;
        let mut meter = Meter::new();
        forward(
            &model,
            &ids,
            &mut |layer: usize, sequence: usize, hidden: &mut [f32]| {
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
            },
        )
        .unwrap();
    }
    println!("{compared} hidden states, worst {worst:.1e} of the layer's maximum");
    assert!(compared >= 18 * 4);
}

#[test]
fn losses_agree_with_pytorch() {
    let mut compared = 0;
    for folder in cases() {
        let (reference, ids) = reference(&folder);
        let ours = next_token_loss(&open(&folder), &ids, &mut ());
        let Some(theirs) = reference["loss"].as_array() else {
            let error = ours.unwrap_err().to_string();
            assert!(error.contains("the unembedding is missing"), "{error}");
            continue;
        };
        for (ours, theirs) in ours.unwrap().iter().zip(theirs) {
            let theirs = theirs.as_f64().unwrap();
            assert!(
                (ours / theirs - 1.0).abs() < 1e-5,
                "{folder:?} {ours} {theirs}"
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 17 * 2);
}

/// The weights of one head, and the order in which it was called.
#[derive(Default)]
struct Weights {
    calls: Vec<(usize, usize, &'static str)>,
    last: Vec<f32>,
}

impl Hook for Weights {
    fn residual(&mut self, layer: usize, sequence: usize, _: &mut [f32]) {
        self.calls.push((layer, sequence, "residual"));
    }

    fn attention(&mut self, layer: usize, sequence: usize, attention: &AttentionWeights<'_>) {
        self.calls.push((layer, sequence, "attention"));
        if sequence == 0 {
            attention.weights(attention.heads() - 1, &mut self.last);
        }
    }
}

#[test]
fn attention_weights_agree_with_pytorch() {
    for folder in cases() {
        let (reference, ids) = reference(&folder);
        let (model, mut hook) = (open(&folder), Weights::default());
        forward(&model, &ids, &mut hook).unwrap();
        let expected: Vec<Vec<f32>> =
            serde_json::from_value(reference["attention"].clone()).unwrap();
        let tokens = expected.len();
        assert_eq!(hook.last.len(), tokens * tokens);
        for (ours, theirs) in hook.last.chunks(tokens).zip(&expected) {
            let (seen, hidden) = ours.split_at(theirs.len());
            assert!(hidden.iter().all(|weight| *weight == 0.0));
            for (a, b) in seen.iter().zip(theirs) {
                assert!((a - b).abs() < 1e-5, "{folder:?} {a} {b}");
            }
        }
        for kind in ["attention", "residual"] {
            let called = hook.calls.iter().filter(|call| call.2 == kind);
            let expected = (1..=model.arch().layers).flat_map(|layer| [(layer, 0), (layer, 1)]);
            assert!(called.map(|call| (call.0, call.1)).eq(expected));
        }
    }
}

/// A block that is fed zeros writes the same at every position; without it nothing depends on tokens.
#[test]
fn what_a_tap_changes_is_what_later_blocks_see() {
    let model = Published::open(&fixtures().join("llama-grouped")).unwrap();
    let run = |sequence: Vec<u32>| {
        let mut last = Vec::new();
        let mut hook = |layer: usize, _: usize, hidden: &mut [f32]| match layer {
            1 => hidden.fill(1.0),
            _ => last = hidden.to_vec(),
        };
        forward(&model, &[sequence], &mut hook).unwrap();
        last
    };
    let last = run(vec![1, 2, 3]);
    assert_eq!(last, run(vec![9, 8, 7]));
    assert!(last.iter().any(|x| (x - 1.0).abs() > 1e-3));
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
        let mut hook = |_: usize, _: usize, hidden: &mut [f32]| last = hidden.to_vec();
        pool.install(|| forward(&model, &sequences, &mut hook))
            .unwrap();
        last
    };
    let whole = run(1, vec![long.clone()]);
    for threads in [2, 3, 8, 16] {
        assert_eq!(whole, run(threads, vec![long.clone()]), "{threads} threads");
    }
    // causal: what comes later changes nothing
    let part = run(2, vec![long[..130].to_vec()]);
    for (a, b) in part.iter().zip(&whole) {
        assert!((a - b).abs() <= 1e-5 * b.abs().max(1.0));
    }
}

/// Rows of several sequences are worked on together; each sees its own past alone.
#[test]
fn a_sequence_among_others_is_as_it_is_alone() {
    let model = Published::open(&fixtures().join("qwen3")).unwrap();
    let sequence = |s: u32| (0..17 + s % 40).map(|i| (i * 7 + s * 5) % 61).collect();
    let sequences: Vec<Vec<u32>> = (0..150).map(sequence).collect();
    let mut together = vec![Vec::new(); sequences.len()];
    let mut keep = |_: usize, s: usize, hidden: &mut [f32]| together[s] = hidden.to_vec();
    forward(&model, &sequences, &mut keep).unwrap();
    for (sequence, expected) in sequences.iter().zip(&together) {
        let mut compare = |layer: usize, _: usize, hidden: &mut [f32]| {
            assert!(layer < model.arch().layers || hidden == expected);
        };
        forward(&model, std::slice::from_ref(sequence), &mut compare).unwrap();
    }
}

#[test]
fn bad_input_is_named() {
    let folder = fixtures().join("gpt2");
    let model = Published::open(&folder).unwrap();
    let refused = |ids: Vec<u32>| {
        forward(&model, &[vec![1], ids], &mut ())
            .unwrap_err()
            .to_string()
    };
    assert!(refused(vec![0, 61]).contains("token 61 at position 1 is beyond the vocabulary of 61"));
    assert!(refused(vec![0; 33]).contains("33 tokens; allowed is 1 to 32"));
    assert!(refused(vec![]).contains("0 tokens"));
    let short = next_token_loss(&model, &[vec![1]], &mut ()).unwrap_err();
    assert!(short.to_string().contains("1 tokens; allowed is 2 to 32"));
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
