//! What training programs leave of a run: `fixtures/trainers/export.py` let them, and kept the SHA-256 of every tensor
//! that their models had in memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use outcrop_arch::HuggingFace;
use outcrop_checkpoint::{AuditOptions, CheckpointSeries, Select, Weights, audit};

use crate::read;

fn left(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/trainers");
    PathBuf::from(folder).join(name)
}

type Digests = BTreeMap<String, BTreeMap<String, String>>;

/// The tensors of each checkpoint of a run.
fn digests(run: &str) -> Digests {
    let text = fs::read(left(&format!("{run}.json"))).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// The tensors of a checkpoint are those that the model had, to the bit; `prefix` is that of an attribute.
fn same(run: &str, checkpoint: &str, prefix: &str) {
    let weights = Weights::open(&left(run).join(checkpoint)).unwrap();
    let expected = &digests(run)[checkpoint];
    let found: BTreeMap<String, String> = weights
        .names()
        .map(|name| {
            let plain = name.strip_prefix(prefix).unwrap_or(name);
            (plain.to_owned(), weights.sha256(name).unwrap())
        })
        .collect();
    assert_eq!(found, *expected, "{run}/{checkpoint}");
}

fn steps(series: &CheckpointSeries) -> Vec<Option<u64>> {
    series.entries.iter().map(|entry| entry.step).collect()
}

/// Stopped, resumed, with optimisers and all; the final model lies above the checkpoints.
#[test]
fn transformers_trainer() {
    for run in ["hf", "hf_bf16"] {
        let series = CheckpointSeries::open(&left(run)).unwrap();
        assert_eq!(steps(&series), [2, 4, 6].map(Some), "{run}");
        assert_eq!(series.problems.len(), 1, "{:?}", series.problems);
        assert!(series.problems[0].reason.contains("its own weights"));
        for entry in &series.entries {
            let config = fs::read_to_string(entry.config.as_deref().unwrap()).unwrap();
            assert_eq!(HuggingFace::parse(&config, run).unwrap().arch.layers, 2);
            assert_eq!(entry.files.len(), 1);
        }
        // the final model has no step of its own, and no step is suspect
        let audit = audit(&series, &AuditOptions::default());
        assert_eq!(audit.findings.len(), 1, "{run}: {:?}", audit.findings);
        assert!(audit.suspect_steps().is_empty(), "{run}");
        for checkpoint in ["checkpoint-2", "checkpoint-4", "checkpoint-6", "."] {
            same(run, checkpoint, "");
        }
    }
    // the final model by itself says its step
    let dir = tempfile::tempdir().unwrap();
    for name in ["model.safetensors", "config.json", "trainer_state.json"] {
        fs::copy(left("hf").join(name), dir.path().join(name)).unwrap();
    }
    let alone = CheckpointSeries::open(dir.path()).unwrap();
    assert_eq!(steps(&alone), [Some(6)]);
    assert!(alone.notes[0].contains("`trainer_state.json`"));
}

#[test]
fn accelerate_counts_saves() {
    let told = Select {
        steps_per_count: Some(1),
        ..Select::default()
    };
    assert!(CheckpointSeries::open(&left("accelerate")).is_err());
    let series = CheckpointSeries::open_with(&left("accelerate"), &told).unwrap();
    assert_eq!(steps(&series), [0, 1].map(Some));
    let config = left("accelerate").join("config.json");
    for entry in &series.entries {
        assert_eq!(entry.config.as_ref(), Some(&config));
    }
    let expected = digests("accelerate");
    for (checkpoint, expected) in &expected {
        let folder = left("accelerate").join("checkpoints").join(checkpoint);
        let weights = Weights::open(&folder).unwrap();
        for (name, digest) in expected {
            assert_eq!(weights.sha256(name).unwrap(), *digest, "{checkpoint}");
        }
        assert_eq!(weights.names().count(), expected.len());
    }
}

#[test]
fn lightning_prefixes_the_names_of_an_attribute() {
    let series = CheckpointSeries::open(&left("lightning")).unwrap();
    assert_eq!(steps(&series), [2, 4].map(Some));
    assert!(series.problems[0].path.ends_with("last.ckpt"));
    for checkpoint in ["epoch=0-step=2.ckpt", "epoch=0-step=4.ckpt"] {
        same("lightning", checkpoint, "model.");
    }
    // which step the last is, it says itself
    let last = CheckpointSeries::open(&left("lightning/last.ckpt")).unwrap();
    assert_eq!(steps(&last), [Some(4)]);
    assert!(last.notes[0].contains("`global_step`"), "{:?}", last.notes);
}

/// As peft merges: all is the same but for the order in which a row's few products are added.
#[test]
fn adapters_are_merged_with_their_base_model() {
    let merged = Weights::open(&left("peft.safetensors")).unwrap();
    for (adapter, folder) in [
        ("run/checkpoint-2", "base"),
        ("run/checkpoint-4", "base"),
        ("rslora", "base"),
        ("all", "base"),
        ("ranks", "base"),
        ("bf16", "base_bf16"),
        ("conv1d", "gpt2"),
    ] {
        let found = Weights::open(&left("peft").join(adapter)).unwrap();
        let base = Weights::open(&left("peft").join(folder)).unwrap();
        assert!(
            found.notes().iter().any(|note| note.contains("PEFT")),
            "{:?}",
            found.notes()
        );
        let mut changed = 0;
        for (name, info) in found.tensors() {
            let expected = read(&merged, &format!("{adapter}/{name}"));
            let step = match info.dtype.size() {
                2 => 2f32.powi(-8),
                _ => 4.0 * f32::EPSILON,
            };
            let values = read(&found, name);
            assert_eq!(values.len(), expected.len());
            for (x, y) in values.iter().zip(&expected) {
                assert!(
                    (x - y).abs() <= step * y.abs().max(0.5),
                    "{adapter}: {name}: {x} {y}"
                );
            }
            let was = read(&base, name);
            changed += usize::from(values != was);
            // rows are those of the whole
            let rows = info.shape[0];
            let (mut some, row) = (Vec::new(), values.len() / rows);
            found.read_rows_f32(name, 1..rows, &mut some).unwrap();
            assert_eq!(some, values[row..], "{adapter}: {name}");
        }
        assert!(changed > 0, "{adapter}");
    }
}

/// A run of adapters is a series, whose base model is no fault of any step.
#[test]
fn adapters_of_steps_are_a_series() {
    let series = CheckpointSeries::open(&left("peft/run")).unwrap();
    assert_eq!(steps(&series), [2, 4].map(Some));
    for entry in &series.entries {
        let config = entry.config.as_deref().unwrap();
        assert!(config.ends_with("base/config.json"), "{config:?}");
        let names: Vec<_> = entry.files.iter().map(|f| f.file_name().unwrap()).collect();
        assert_eq!(
            names,
            [
                "adapter_config.json",
                "adapter_model.safetensors",
                "model.safetensors"
            ]
        );
    }
    // the final adapter has no step of its own
    let audit = audit(&series, &AuditOptions::default());
    assert_eq!(audit.findings.len(), 1, "{:?}", audit.findings);
    assert!(audit.suspect_steps().is_empty());
}

#[test]
fn adapters_of_other_kinds_are_refused_by_name() {
    for (adapter, part) in [
        ("dora", "`use_dora` = true"),
        ("saved", "`modules_to_save` = [\"lm_head\"]"),
        ("alphas", "`alpha_pattern` = {\"q_proj\":9}"),
        ("biases", "`bias` = \"all\""),
        ("embedding", "`base_model.model.model.embed_tokens"),
    ] {
        let error = Weights::open(&left("peft").join(adapter)).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains(part) && error.contains("merge_and_unload"),
            "{adapter}: {error}"
        );
    }
    let dir = tempfile::tempdir().unwrap();
    for name in ["adapter_config.json", "adapter_model.safetensors"] {
        let from = left("peft/run/checkpoint-2").join(name);
        fs::copy(from, dir.path().join(name)).unwrap();
    }
    let error = Weights::open(dir.path()).unwrap_err().to_string();
    assert!(error.contains("its base model is `base`"), "{error}");
    // beside the weights of its base it is applied to them
    fs::copy(
        left("peft/base/model.safetensors"),
        dir.path().join("model.safetensors"),
    )
    .unwrap();
    let (here, there) = (
        Weights::open(dir.path()).unwrap(),
        Weights::open(&left("peft/run/checkpoint-2")).unwrap(),
    );
    for name in there.names() {
        assert_eq!(here.sha256(name).unwrap(), there.sha256(name).unwrap());
    }
}
