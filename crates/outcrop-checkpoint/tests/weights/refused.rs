//! What is not read, and why.

use std::fs;
use std::path::Path;

use outcrop_checkpoint::{DType, Weights, write_tensors};

use crate::{fixture, refusal, tensor};

#[test]
fn what_is_not_there_or_not_floating_is_named() {
    let weights = Weights::open(&fixture("tensors.bin")).unwrap();
    let error = weights.read_f32("transpozed", &mut Vec::new()).unwrap_err();
    assert!(
        error.to_string().contains("did you mean `transposed`?"),
        "{error}"
    );
    let error = weights.read_f32("dtype.i64", &mut Vec::new()).unwrap_err();
    assert!(
        error.to_string().contains("`dtype.i64` has dtype I64"),
        "{error}"
    );
    assert_eq!(weights.get("dtype.i64").unwrap().dtype, DType::I64);
    assert!(weights.get("other").is_none());
}

#[test]
fn hostile_pickles_are_refused_by_the_name_they_ask_for_and_nothing_runs() {
    for (file, name) in [
        ("hostile_system.bin", "`posix.system`"),
        ("hostile_eval.bin", "`__builtin__.eval`"),
        ("hostile_exec.bin", "`__builtin__.exec`"),
        ("hostile_getattr.bin", "`__builtin__.__import__`"),
        ("hostile_nested.bin", "`posix.system`"),
        ("hostile_load.bin", "`torch.storage._load_from_bytes`"),
        (
            "whole_module.bin",
            "`torch.nn.modules.container.Sequential`",
        ),
    ] {
        let error = refusal(&fixture(file));
        let expected = format!("asks to call {name}; a checkpoint must hold tensors only");
        assert!(error.contains(&expected), "{error}");
    }
    assert!(!fixture("PWNED").exists() && !Path::new("PWNED").exists());
}

#[test]
fn odd_files_of_pytorch_are_refused_with_the_reason() {
    for (file, reason) in [
        (
            "expanded.bin",
            "`w` of shape [1000, 1000] and strides [0, 0] has elements that overlap",
        ),
        ("negated.bin", "`w` is stored negated or conjugated"),
        ("sparse.bin", "`w` is sparse, which is not read"),
        (
            "protocols/0.bin",
            "of pickle protocol 0, in which `torch.save` writes",
        ),
        (
            "protocols/0_legacy.bin",
            "of pickle protocol 0, in which `torch.save` writes",
        ),
        (
            "list.bin",
            "holds no state dict of a model: on top is a list",
        ),
        ("deflated.bin", "`module/byteorder` is compressed"),
        ("big_endian.bin", "`byteorder` is `big`"),
        (
            "storage_missing.bin",
            "`0.bias` is in `data/1`, which is missing",
        ),
        (
            "storage_short.bin",
            "`0.bias` is in `data/1`, which has 8 bytes, not 12",
        ),
        ("no_pickle.bin", "no `data.pkl`"),
        ("export.py", "it is no zip archive"),
    ] {
        let error = refusal(&fixture(file));
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn a_cut_file_is_refused_wherever_it_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    for file in [
        "module.bin",
        "sharded_safetensors/model-00001-of-00002.safetensors",
    ] {
        let whole = fs::read(fixture(file)).unwrap();
        let name = format!("cut.{}", file.rsplit('.').next().unwrap());
        for length in (0..whole.len()).step_by(13).chain([whole.len() - 1]) {
            fs::write(dir.path().join(&name), &whole[..length]).unwrap();
            refusal(&dir.path().join(&name));
        }
    }
}

#[test]
fn an_index_that_does_not_hold_is_refused_by_its_field() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    write_tensors(
        &at("s1.safetensors"),
        &[tensor("a", &[1.0])],
        &Default::default(),
    )
    .unwrap();
    for (map, reason) in [
        (
            r#"{"a": "s1.safetensors", "b": "s1.safetensors"}"#,
            "places tensor `b` in `s1.safetensors`",
        ),
        (
            r#"{"a": "s1.safetensors", "b": "s2.safetensors"}"#,
            "names `s2.safetensors`, which is missing",
        ),
        (
            r#"{"a": "s1.safetensors", "a": "s1.safetensors"}"#,
            "`a` is listed twice",
        ),
        (
            r#"{"a": "../s1.safetensors"}"#,
            "`../s1.safetensors`, which is not a file beside it",
        ),
        (r#"{"a": "/etc/passwd"}"#, "which is not a file beside it"),
        (r#"{"a": ".."}"#, "which is not a file beside it"),
        (r#"{"a": 3}"#, "`a`: invalid type: integer"),
        ("{}", "`weight_map` is empty"),
        ("[]", "expected an object"),
    ] {
        let index = at("model.safetensors.index.json");
        fs::write(&index, format!("{{\"weight_map\": {map}}}")).unwrap();
        let error = Weights::open(dir.path()).unwrap_err().to_string();
        assert!(
            error.contains(reason) && error.contains("index.json"),
            "{error}"
        );
    }
    fs::write(at("model.safetensors.index.json"), "{}").unwrap();
    assert!(refusal(&at("model.safetensors.index.json")).contains("missing field `weight_map`"));
}

#[test]
fn a_header_that_does_not_hold_is_refused_by_the_tensor() {
    let dir = tempfile::tempdir().unwrap();
    for (header, reason) in [
        (
            r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
            "`a` is listed twice",
        ),
        (
            r#"{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}"#,
            "`a`: unknown variant `F31`",
        ),
        (
            r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[7],"data_offsets":[4,8]}}"#,
            "tensor `b` of dtype F32 and shape [7] has the data_offsets [4, 8]",
        ),
        (
            r#"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#,
            "`a`: missing field `shape`",
        ),
        (
            r#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
            "`a`: invalid value: integer `-1`",
        ),
        (
            r#"{"a":{"dtype":"F4","shape":[8],"data_offsets":[0,4]}}"#,
            "tensor `a` has dtype F4",
        ),
    ] {
        let path = dir.path().join("x.safetensors");
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend([0; 8]);
        bytes.truncate(8 + header.len() + if header.contains("[4,8]") { 8 } else { 4 });
        fs::write(&path, bytes).unwrap();
        let error = refusal(&path);
        assert!(error.contains(reason), "{error}");
    }
}
