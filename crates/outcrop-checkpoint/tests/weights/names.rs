//! Names of tensors: what wrappers add to them, and two tensors of one name.

use std::fs;
use std::path::Path;

use outcrop_checkpoint::{Error, Tensor, Weights, write_tensors};

use crate::{read, tensor};

fn write(path: &Path, tensors: &[(&str, &[f32])]) {
    let tensors: Vec<Tensor> = tensors
        .iter()
        .map(|(name, data)| tensor(name, data))
        .collect();
    write_tensors(path, &tensors, &Default::default()).unwrap();
}

#[test]
fn what_wrappers_add_is_taken_out_and_said() {
    for (prefix, said) in [
        ("_orig_mod.", "`_orig_mod.`"),
        ("module.", "`module.`"),
        ("module._orig_mod.", "`_orig_mod.`, `module.`"),
        ("_fsdp_wrapped_module.", "`_fsdp_wrapped_module.`"),
        ("_forward_module.module.", "`_forward_module.`, `module.`"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("model.safetensors");
        let names =
            ["a.weight", "b.0._checkpoint_wrapped_module.c"].map(|n| format!("{prefix}{n}"));
        write(&file, &[(&names[0], &[1.0, 2.0]), (&names[1], &[3.0])]);
        let weights = Weights::open(dir.path()).unwrap();
        assert_eq!(
            weights.names().collect::<Vec<_>>(),
            ["a.weight", "b.0.c"],
            "{prefix}"
        );
        assert_eq!(read(&weights, "a.weight"), [1.0, 2.0]);
        let [note] = weights.notes() else {
            panic!("{prefix}: {:?}", weights.notes());
        };
        let said = said.replace(", `module.`", ", `_checkpoint_wrapped_module.`, `module.`");
        assert!(note.contains("taken out of the names"), "{note}");
        assert!(
            said.split(", ").all(|part| note.contains(part)),
            "{prefix}: {note}"
        );
    }
}

#[test]
fn two_tensors_of_one_name_must_be_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("model.safetensors");
    write(
        &file,
        &[("_orig_mod.a.w", &[1.0, 2.0]), ("a.w", &[1.0, 2.0])],
    );
    let weights = Weights::open(dir.path()).unwrap();
    assert_eq!(weights.names().collect::<Vec<_>>(), ["a.w"]);
    write(
        &file,
        &[("_orig_mod.a.w", &[1.0, 2.0]), ("a.w", &[1.0, 2.5])],
    );
    let error = Weights::open(dir.path()).unwrap_err();
    assert!(matches!(error, Error::Twice { .. }), "{error}");
    let error = error.to_string();
    assert!(
        error.contains("`_orig_mod.a.w`") && error.contains("`a.w`"),
        "{error}"
    );
}

/// What an index does not list is read too, as transformers does; it lost a tensor before.
#[test]
fn a_tensor_in_two_shards_must_be_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(
        at("model.safetensors.index.json"),
        r#"{"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}"#,
    )
    .unwrap();
    write(&at("one.safetensors"), &[("a", &[1.0])]);
    write(
        &at("two.safetensors"),
        &[("a", &[1.0]), ("b", &[2.0]), ("c", &[3.0])],
    );
    let weights = Weights::open(dir.path()).unwrap();
    assert_eq!(weights.names().collect::<Vec<_>>(), ["a", "b", "c"]);
    write(&at("two.safetensors"), &[("a", &[-1.0]), ("b", &[2.0])]);
    let error = Weights::open(dir.path()).unwrap_err().to_string();
    for part in [
        "`a` in",
        "one.safetensors",
        "two.safetensors",
        "values differ",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn an_adapter_without_its_matrices_is_refused_beside_weights_and_alone() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("adapter_config.json"), r#"{"peft_type": "LORA"}"#).unwrap();
    let error = Weights::open(dir.path()).unwrap_err();
    assert!(
        matches!(error, Error::Adapter { alone: true, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("merge_and_unload"), "{error}");
    write(&at("model.safetensors"), &[("a", &[1.0])]);
    let error = Weights::open(dir.path()).unwrap_err();
    assert!(
        matches!(error, Error::Adapter { alone: false, .. }),
        "{error}"
    );
    assert!(Weights::open(&at("model.safetensors")).is_ok());
    fs::remove_file(at("adapter_config.json")).unwrap();
    assert!(Weights::open(dir.path()).is_ok());
}

#[test]
fn a_pointer_of_git_lfs_is_named_in_the_place_of_every_file() {
    const POINTER: &str =
        "version https://git-lfs.github.com/spec/v1\noid sha256:abababab\nsize 438967671\n";
    let shard = r#"{"weight_map": {"a": "s.safetensors"}}"#;
    for (name, beside) in [
        ("model.safetensors", None),
        ("pytorch_model.bin", None),
        ("model.safetensors.index.json", None),
        (
            "s.safetensors",
            Some(("model.safetensors.index.json", shard)),
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(name), POINTER).unwrap();
        if let Some((index, text)) = beside {
            fs::write(dir.path().join(index), text).unwrap();
        }
        let error = Weights::open(dir.path()).unwrap_err().to_string();
        for part in [name, "is a Git LFS pointer", "git lfs pull"] {
            assert!(error.contains(part), "{name}: {error}");
        }
    }
}
