//! Weights in the forms that others publish them: read as PyTorch and the safetensors library read
//! them, and refused with the reason.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use outcrop_checkpoint::{DType, Error, Tensor, Weights, write_tensors};
use outcrop_core::sha256_hex;
use proptest::prelude::*;
use safetensors::SafeTensors;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/torch")
        .join(name)
}

fn read(weights: &Weights, name: &str) -> Vec<f32> {
    let mut data = vec![7.0; 3];
    weights.read_f32(name, &mut data).unwrap();
    data
}

fn refusal(path: &Path) -> String {
    let error = Weights::open(path).unwrap_err().to_string();
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(error.contains(name), "{error}");
    error
}

#[test]
fn every_dtype_and_layout_of_pytorch_has_the_bytes_that_safetensors_wrote() {
    let theirs = fs::read(fixture("tensors.safetensors")).unwrap();
    let theirs = SafeTensors::deserialize(&theirs).unwrap();
    for file in ["tensors.bin", "tensors.safetensors"] {
        let weights = Weights::open(&fixture(file)).unwrap();
        let mut names = theirs.names();
        names.sort_unstable();
        assert_eq!(weights.names().collect::<Vec<_>>(), names);
        for name in names {
            let (info, view) = (weights.get(name).unwrap(), theirs.tensor(name).unwrap());
            assert_eq!(info.shape, view.shape(), "{file} {name}");
            assert_eq!(info.dtype.to_string(), view.dtype().to_string(), "{name}");
            assert_eq!(
                (info.bytes, &info.file),
                (view.data().len() as u64, &fixture(file))
            );
            assert_eq!(
                weights.sha256(name).unwrap(),
                sha256_hex(view.data()),
                "{file} {name}"
            );
        }
    }
}

#[test]
fn values_are_those_of_pytorch() {
    let weights = Weights::open(&fixture("tensors.bin")).unwrap();
    let base: Vec<f32> = (0..24).map(|i| i as f32 * 0.37 - 4.0).collect();
    assert_eq!(read(&weights, "shared"), base);
    let transposed: Vec<f32> = (0..24).map(|i| base[i % 4 * 6 + i / 4]).collect();
    assert_eq!(read(&weights, "transposed"), transposed);
    assert_eq!(
        read(&weights, "slice"),
        [&base[8..11], &base[14..17]].concat()
    );
    assert_eq!(
        read(&weights, "parameter"),
        base.iter().map(|v| v * 2.0).collect::<Vec<_>>()
    );
    assert_eq!(read(&weights, "scalar"), [2.5]);
    assert_eq!(read(&weights, "empty"), [0.0; 0]);
    for (name, tolerance) in [("f16", 1e-3), ("bf16", 1e-2), ("f64", 1e-6)] {
        for (is, was) in read(&weights, &format!("dtype.{name}")).iter().zip(&base) {
            assert!(
                (is - was.abs()).abs() <= tolerance * was.abs(),
                "{name}: {is} for {was}"
            );
        }
    }
    let special = read(&weights, "special");
    assert!(special[0].is_nan() && special[3].is_sign_negative());
    assert_eq!(special[1..], [f32::INFINITY, f32::NEG_INFINITY, 0.0, 1e-45]);
    let half = read(&weights, "special.f16");
    assert!(half[0].is_nan());
    assert_eq!(half[1..], [f32::INFINITY, 5.960_464_5e-8, 65504.0, 0.0]);
}

#[test]
fn rows_are_those_of_the_whole() {
    for file in ["tensors.bin", "tensors.safetensors"] {
        let weights = Weights::open(&fixture(file)).unwrap();
        for name in [
            "transposed",
            "permuted",
            "slice",
            "rows",
            "dtype.bf16",
            "every_second",
        ] {
            let (whole, info) = (read(&weights, name), weights.get(name).unwrap());
            let (count, mut rows) = (info.shape[0], Vec::new());
            for start in 0..=count {
                for end in start..=count {
                    weights.read_rows_f32(name, start..end, &mut rows).unwrap();
                    let row = whole.len() / count;
                    assert_eq!(rows, whole[start * row..end * row], "{file} {name}");
                }
            }
            let beyond = weights.read_rows_f32(name, 1..count + 1, &mut rows);
            let beyond = beyond.unwrap_err().to_string();
            assert!(
                beyond.contains(name) && beyond.contains(&format!("it has {count}")),
                "{beyond}"
            );
        }
        let error = weights.read_rows_f32("scalar", 0..1, &mut Vec::new());
        assert!(matches!(error, Err(Error::Rows { count: 0, .. })));
    }
}

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
fn state_dicts_are_found_where_programs_keep_them() {
    for file in ["module.bin", "nested.bin", "protocol4.bin"] {
        let weights = Weights::open(&fixture(file)).unwrap();
        let names: Vec<_> = weights.names().collect();
        assert_eq!(
            names,
            ["0.bias", "0.weight", "1.bias", "1.weight"],
            "{file}"
        );
        assert_eq!(read(&weights, "0.weight"), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(read(&weights, "1.bias"), [30.0, 31.0, 32.0]);
    }
}

#[test]
fn hostile_pickles_are_refused_by_the_name_they_ask_for_and_nothing_runs() {
    for (file, name) in [
        ("hostile_system.bin", "`posix.system`"),
        ("hostile_eval.bin", "`__builtin__.eval`"),
        ("hostile_exec.bin", "`__builtin__.exec`"),
        ("hostile_getattr.bin", "`__builtin__.getattr`"),
        ("hostile_nested.bin", "`posix.system`"),
        ("hostile_load.bin", "`torch.storage._load_from_bytes`"),
        (
            "whole_module.bin",
            "`torch.nn.modules.container.Sequential`",
        ),
        ("sparse.bin", "`torch._utils._rebuild_sparse_tensor`"),
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
        ("legacy.bin", "before PyTorch 1.6"),
        (
            "expanded.bin",
            "`w` of shape [1000] and strides [0] has elements that overlap",
        ),
        ("negated.bin", "negated or conjugated"),
        (
            "list.bin",
            "holds no dict of tensors, nor one under `state_dict`",
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
fn a_cut_file_is_refused_at_every_length() {
    let dir = tempfile::tempdir().unwrap();
    for file in [
        "module.bin",
        "sharded_safetensors/model-00001-of-00002.safetensors",
    ] {
        let whole = fs::read(fixture(file)).unwrap();
        let name = format!("cut.{}", file.rsplit('.').next().unwrap());
        for length in 0..whole.len() {
            fs::write(dir.path().join(&name), &whole[..length]).unwrap();
            refusal(&dir.path().join(&name));
        }
    }
}

#[test]
fn shards_are_one_checkpoint() {
    for folder in ["sharded_safetensors", "sharded_bin"] {
        let weights = Weights::open(&fixture(folder)).unwrap();
        assert_eq!(weights.names().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(weights.files().count(), 2);
        assert_eq!(
            read(&weights, "b"),
            (0..30).map(|i| i as f32 - 11.0).collect::<Vec<_>>()
        );
        let c = weights
            .get("c")
            .unwrap()
            .file
            .to_string_lossy()
            .into_owned();
        assert!(c.contains("-00002-of-00002."), "{c}");
    }
}

fn tensor(name: &str, data: &[f32]) -> Tensor {
    Tensor {
        name: name.into(),
        shape: vec![data.len()],
        data: data.into(),
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
            "`a` stands twice",
        ),
        (
            r#"{"a": "../s1.safetensors"}"#,
            "`../s1.safetensors`, which is no file beside it",
        ),
        (r#"{"a": "/etc/passwd"}"#, "which is no file beside it"),
        (r#"{"a": ".."}"#, "which is no file beside it"),
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
fn safetensors_come_before_pytorch_and_one_file_before_shards() {
    let dir = tempfile::tempdir().unwrap();
    let none = Weights::open(dir.path()).unwrap_err();
    assert!(matches!(none, Error::NoWeights { .. }), "{none}");
    let weights = |name: &str| {
        let opened = Weights::open(dir.path()).unwrap();
        assert_eq!(opened.names().collect::<Vec<_>>(), [name]);
    };
    let at = |name: &str| dir.path().join(name);
    let copied = fs::read(fixture("module.bin")).unwrap();
    fs::write(at("pytorch_model.bin"), copied).unwrap();
    assert_eq!(Weights::open(dir.path()).unwrap().names().count(), 4);
    write_tensors(
        &at("s.safetensors"),
        &[tensor("shard", &[1.0])],
        &Default::default(),
    )
    .unwrap();
    fs::write(
        at("model.safetensors.index.json"),
        r#"{"weight_map": {"shard": "s.safetensors"}}"#,
    )
    .unwrap();
    weights("shard");
    write_tensors(
        &at("model.safetensors"),
        &[tensor("whole", &[1.0])],
        &Default::default(),
    )
    .unwrap();
    weights("whole");
    assert!(
        Weights::open(&at("absent"))
            .unwrap_err()
            .to_string()
            .contains("absent")
    );
}

#[test]
fn a_header_that_does_not_hold_is_refused_by_the_tensor() {
    let dir = tempfile::tempdir().unwrap();
    for (header, reason) in [
        (
            r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
            "`a` stands twice",
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

proptest! {
    #[test]
    fn what_is_written_is_read_alone_and_by_rows(
        rows in 1usize..6, columns in 0usize..5, seed: u32, from in 0usize..6, count in 0usize..6,
    ) {
        let data: Vec<f32> = (0..(rows * columns) as u32).map(|i| (i ^ seed) as f32).collect();
        let dir = tempfile::tempdir().unwrap();
        let matrix = Tensor { name: "m".into(), shape: vec![rows, columns], data: data.clone() };
        let path = dir.path().join("model.safetensors");
        write_tensors(&path, &[tensor("before", &[1.0]), matrix, tensor("z", &[2.0])], &Default::default()).unwrap();
        let weights = Weights::open(dir.path()).unwrap();
        prop_assert_eq!(read(&weights, "m"), &data[..]);
        let mut part = Vec::new();
        let end = from + count;
        match weights.read_rows_f32("m", from..end, &mut part) {
            Ok(()) => prop_assert_eq!(&part, &data[from * columns..end * columns]),
            Err(_) => prop_assert!(end > rows),
        }
    }
}
