//! Distributed checkpoints of PyTorch: `fixtures/distributed/export.py` wrote them.

use std::fs;
use std::path::{Path, PathBuf};

use outcrop_arch::HuggingFace;
use outcrop_checkpoint::{CheckpointSeries, Select, Weights, config_text};

use crate::read;

fn distributed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/distributed")
        .join(name)
}

/// A copy of the folder of two processes.
fn copy() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in [".metadata", "__0_0.distcp", "__1_0.distcp"] {
        fs::copy(distributed("two").join(name), dir.path().join(name)).unwrap();
    }
    dir
}

fn refusal(path: &Path) -> String {
    Weights::open(path).unwrap_err().to_string()
}

#[test]
fn slices_of_all_processes_are_joined_and_optimisers_left_out() {
    let expected = Weights::open(&distributed("full.safetensors")).unwrap();
    let names = |weights: &Weights| weights.names().map(str::to_owned).collect::<Vec<_>>();
    for folder in ["one", "two", "nested/step5"] {
        let found = Weights::open(&distributed(folder)).unwrap();
        assert_eq!(names(&found), names(&expected), "{folder}");
        for (name, info) in expected.tensors() {
            let there = found.get(name).unwrap();
            assert_eq!(
                (&there.shape, there.dtype),
                (&info.shape, info.dtype),
                "{folder}: {name}"
            );
            assert_eq!(
                read(&found, name),
                read(&expected, name),
                "{folder}: {name}"
            );
            assert_eq!(found.sha256(name).unwrap(), expected.sha256(name).unwrap());
        }
    }
}

/// The names and rows of trainers are those of transformers, to the bit.
fn same_as_of_transformers(folder: &str, reference: &str) -> Weights {
    let found = Weights::open(&distributed(folder)).unwrap();
    let expected = Weights::open(&distributed(&format!("{reference}.safetensors"))).unwrap();
    let names = |weights: &Weights| weights.names().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected), "{folder}");
    for name in expected.names() {
        let digests = [&found, &expected].map(|weights| weights.sha256(name).unwrap());
        assert_eq!(digests[0], digests[1], "{folder}: {name}");
    }
    let of = |text: &str| HuggingFace::parse(text, folder).unwrap().arch;
    let told = of(found.config().unwrap().unwrap());
    let json = distributed(&format!("{reference}.json"));
    assert_eq!(told, of(&fs::read_to_string(json).unwrap()), "{folder}");
    found
}

/// Rows of queries and keys in pairs, whose heads a `config.json` of transformers says.
#[test]
fn torchtitan_is_llama_as_meta_names_it() {
    same_as_of_transformers("torchtitan/step-20", "llama");
    let series = CheckpointSeries::open(&distributed("torchtitan")).unwrap();
    assert_eq!(series.entries[0].step, Some(20));
    let dir = tempfile::tempdir().unwrap();
    for name in [".metadata", "__0_0.distcp"] {
        let from = distributed("torchtitan/step-20").join(name);
        fs::copy(from, dir.path().join(name)).unwrap();
    }
    let error = refusal(dir.path());
    assert!(
        error.contains("number of heads") && error.contains("`config.json` of transformers"),
        "{error}"
    );
    // Meta's own settings say it, too
    let params = r#"{"dim": 16, "n_layers": 3, "n_heads": 4, "n_kv_heads": 2, "norm_eps": 1e-5, "rope_theta": 30000.0}"#;
    fs::write(dir.path().join("params.json"), params).unwrap();
    let found = Weights::open(dir.path()).unwrap();
    let name = "model.layers.1.self_attn.k_proj.weight";
    let expected = Weights::open(&distributed("llama.safetensors")).unwrap();
    assert_eq!(found.sha256(name).unwrap(), expected.sha256(name).unwrap());
}

/// Files of one shard without an index, in folders that count epochs.
#[test]
fn torchtune_keeps_rows_in_pairs_under_its_own_names() {
    let found = same_as_of_transformers("torchtune/epoch_0", "llama");
    assert!(
        found.notes()[0].contains("torchtune"),
        "{:?}",
        found.notes()
    );
    let told = Select {
        steps_per_count: Some(7),
        ..Select::default()
    };
    let series = CheckpointSeries::open_with(&distributed("torchtune"), &told).unwrap();
    assert_eq!(series.entries[0].step, Some(0));
    assert!(series.problems[0].path.ends_with("recipe_state"));
}

/// A `config.json` of its own in the folder of a step, which is not that of transformers.
#[test]
fn olmo_core_says_its_architecture_in_its_own_config() {
    same_as_of_transformers("olmo_core/step30", "olmo2");
    let series = CheckpointSeries::open(&distributed("olmo_core")).unwrap();
    let entry = &series.entries[0];
    assert_eq!(entry.step, Some(30));
    let text = config_text(entry.config.as_deref().unwrap()).unwrap();
    assert!(text.contains("\"olmo2\""), "{text}");
    let dir = tempfile::tempdir().unwrap();
    let inner = dir.path().join("model_and_optim");
    fs::create_dir(&inner).unwrap();
    for name in [".metadata", "__0_0.distcp"] {
        let from = distributed("olmo_core/step30/model_and_optim").join(name);
        fs::copy(from, inner.join(name)).unwrap();
    }
    let error = refusal(dir.path());
    assert!(error.contains("its `config.json` is missing"), "{error}");
    let own = fs::read_to_string(distributed("olmo_core/step30/config.json")).unwrap();
    for (from, to, part) in [
        ("reordered_norm", "default", "another block than OLMo 2"),
        (
            "\"use_head_qk_norm\": false",
            "\"use_head_qk_norm\": true",
            "`use_head_qk_norm` = true",
        ),
    ] {
        fs::write(dir.path().join("config.json"), own.replace(from, to)).unwrap();
        let error = refusal(dir.path());
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn rows_are_those_of_the_whole() {
    let weights = Weights::open(&distributed("two")).unwrap();
    for (name, info) in weights.tensors() {
        let (all, rows) = (read(&weights, name), info.shape[0]);
        for from in 0..rows {
            for to in from..=rows {
                let mut some = Vec::new();
                weights.read_rows_f32(name, from..to, &mut some).unwrap();
                let row = all.len() / rows;
                assert_eq!(some, all[from * row..to * row], "{name}, {from}..{to}");
            }
        }
    }
}

#[test]
fn folders_of_steps_are_a_series() {
    let series = CheckpointSeries::open(&distributed("nested")).unwrap();
    assert_eq!(series.entries[0].step, Some(5));
    assert_eq!(series.entries[0].files.len(), 2);
}

#[test]
fn what_is_damaged_is_refused_with_the_reason() {
    let dir = copy();
    fs::remove_file(dir.path().join("__1_0.distcp")).unwrap();
    assert!(refusal(dir.path()).contains("__1_0.distcp"));

    let dir = copy();
    let file = dir.path().join("__0_0.distcp");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..5000]).unwrap();
    let error = refusal(dir.path());
    assert!(error.contains("reaches beyond the file"), "{error}");

    let dir = copy();
    let file = dir.path().join(".metadata");
    let mut bytes = fs::read(&file).unwrap();
    let at = bytes
        .windows(12)
        .position(|w| w == b"__0_0.distcp")
        .unwrap();
    bytes[at..at + 3].copy_from_slice(b"../");
    fs::write(&file, bytes).unwrap();
    let error = refusal(dir.path());
    assert!(error.contains("names the file `../_0.distcp`"), "{error}");
}

/// Nothing in a plan is called, whatever it asks for.
#[test]
fn a_plan_that_asks_for_code_is_refused() {
    let dir = copy();
    let file = dir.path().join(".metadata");
    fs::write(&file, b"\x80\x04cposix\nsystem\n\x8c\x02ls\x85R.").unwrap();
    let error = refusal(dir.path());
    assert!(error.contains("asks to call `posix.system`"), "{error}");
    fs::write(&file, b"\x80\x04}.").unwrap();
    let error = refusal(dir.path());
    assert!(
        error.contains("no `Metadata` of a distributed checkpoint"),
        "{error}"
    );
}
