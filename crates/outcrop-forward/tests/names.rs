//! Weights under the names that wrappers and training programs leave.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use outcrop_checkpoint::{Tensor, read_tensors, write_tensors};
use outcrop_forward::{Published, forward};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// The checkpoint of a fixture with its tensors changed.
fn changed(name: &str, change: impl FnOnce(&mut Vec<Tensor>)) -> tempfile::TempDir {
    let (dir, from) = (tempfile::tempdir().unwrap(), fixture(name));
    let mut tensors = read_tensors(&from.join("model.safetensors")).unwrap();
    change(&mut tensors);
    let file = dir.path().join("model.safetensors");
    write_tensors(&file, &tensors, &Default::default()).unwrap();
    std::fs::copy(from.join("config.json"), dir.path().join("config.json")).unwrap();
    dir
}

fn tensor(name: &str, shape: &[usize], value: f32) -> Tensor {
    Tensor {
        name: name.into(),
        shape: shape.into(),
        data: vec![value; shape.iter().product()],
    }
}

fn hidden(model: &Published) -> Vec<f32> {
    let mut all = Vec::new();
    let mut keep = |_: usize, _: usize, hidden: &mut [f32]| all.extend_from_slice(hidden);
    forward(model, &[vec![3, 1, 4, 1, 5, 9]], &mut keep).unwrap();
    all
}

fn refused(dir: &tempfile::TempDir) -> String {
    Published::open(dir.path()).unwrap_err().to_string()
}

#[test]
fn one_prefix_before_all_names_is_taken_off_and_said() {
    for name in ["neox-parallel", "gpt2", "llama-grouped", "llama-one-key"] {
        let plain = Published::open(&fixture(name)).unwrap();
        assert!(plain.notes().is_empty());
        let expected = hidden(&plain);
        for prefix in [
            "_orig_mod.",
            "module.",
            "model.",
            "module._orig_mod.",
            "_orig_mod.module.",
            "_fsdp_wrapped_module.",
            "_forward_module.lm.",
            "net.backbone.",
        ] {
            let dir = changed(name, |tensors| {
                let rename = |t: &mut Tensor| t.name = format!("{prefix}{}", t.name);
                tensors.iter_mut().for_each(rename);
            });
            let model = Published::open(dir.path()).unwrap_or_else(|e| panic!("{prefix}: {e}"));
            assert_eq!(hidden(&model), expected, "{name} {prefix}");
            let notes = model.notes().join("; ");
            // the fixture is of the body alone, which has this prefix in whole files
            if (name, prefix) == ("llama-one-key", "model.") {
                continue;
            }
            let mut parts = prefix.trim_end_matches('.').split('.');
            assert!(parts.all(|part| notes.contains(part)), "{prefix}: {notes}");
        }
    }
}

#[test]
fn two_prefixes_are_refused() {
    let dir = changed("neox-parallel", |tensors| {
        let mut copies = tensors.clone();
        let rename = |tensors: &mut Vec<Tensor>, prefix: &str| {
            tensors
                .iter_mut()
                .for_each(|t| t.name = format!("{prefix}{}", t.name));
        };
        rename(tensors, "student.");
        rename(&mut copies, "teacher.");
        tensors.append(&mut copies);
    });
    let error = refused(&dir);
    assert!(
        error.contains("are stored under `student.`, `teacher.`; keep one"),
        "{error}"
    );
}

#[test]
fn numbers_that_trainers_keep_are_left_out_and_said_and_others_refused() {
    let dir = changed("gpt2", |tensors| {
        tensors.push(tensor("best_val_loss", &[], 2.5));
        tensors.push(tensor("iter_num", &[1], 9.0));
    });
    let model = Published::open(dir.path()).unwrap();
    assert_eq!(
        hidden(&model),
        hidden(&Published::open(&fixture("gpt2")).unwrap())
    );
    assert_eq!(
        model.notes(),
        ["beside the weights are `best_val_loss`, `iter_num`, left out"]
    );
    for (name, shape) in [
        ("embed_scale", &[][..]),
        ("loss.weight", &[]),
        ("loss", &[24]),
    ] {
        let dir = changed("gpt2", |tensors| tensors.push(tensor(name, shape, 2.5)));
        let error = refused(&dir);
        let expected = format!("`{name}` is not of this architecture");
        assert!(error.contains(&expected), "{error}");
    }
}

#[test]
fn a_tensor_under_two_names_must_be_the_same() {
    let head = "embed_out.weight";
    let copied = |change: f32| {
        changed("neox-parallel", |tensors| {
            let mut copy = tensors.iter().find(|t| t.name == head).unwrap().clone();
            copy.name = "lm_head.weight".into();
            copy.data[5] += change;
            tensors.push(copy);
        })
    };
    assert!(Published::open(copied(0.0).path()).is_ok());
    let error = refused(&copied(1.0));
    assert!(
        error.contains("`embed_out.weight` and `lm_head.weight` are one tensor by their names"),
        "{error}"
    );
}

#[test]
fn an_unembedding_that_differs_from_its_tied_embedding_is_refused() {
    let with_head = |change: f32| {
        changed("llama-one-key", |tensors| {
            tensors.retain(|t| t.name != "lm_head.weight");
            let embedding = tensors
                .iter()
                .find(|t| t.name.ends_with("embed_tokens.weight"));
            let mut head = embedding.unwrap().clone();
            head.name = "lm_head.weight".into();
            head.data[5] += change;
            tensors.push(head);
        })
    };
    assert!(Published::open(with_head(0.0).path()).is_ok());
    let error = refused(&with_head(1.0));
    for part in [
        "`embed_tokens.weight`",
        "`lm_head.weight`",
        "tie_word_embeddings",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn names_that_fit_nothing_are_shown() {
    let dir = changed("gpt2", |tensors| {
        for (place, tensor) in tensors.iter_mut().enumerate() {
            tensor.name = format!("decoder.part{place}");
        }
    });
    let error = refused(&dir);
    for part in [
        "`transformer.wte.weight`",
        "are missing",
        "`decoder.part0`",
        "more are not of",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_config_that_git_lfs_left_is_named() {
    let dir = changed("gpt2", |_| {});
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 4\n";
    std::fs::write(dir.path().join("config.json"), pointer).unwrap();
    let error = refused(&dir);
    assert!(
        error.contains("config.json") && error.contains("git lfs pull"),
        "{error}"
    );
}
