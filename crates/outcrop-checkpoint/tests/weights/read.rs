//! What is read, and as what.

use std::fs;

use outcrop_checkpoint::{Error, Tensor, Weights, write_tensors};
use outcrop_core::sha256_hex;
use proptest::prelude::*;
use safetensors::SafeTensors;

use crate::{fixture, read, tensor};

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
fn state_dicts_are_found_where_programs_keep_them() {
    let mut files = ["module.bin", "nested.bin", "protocol4.bin", "legacy.bin"]
        .map(str::to_owned)
        .to_vec();
    for protocol in [1, 2, 3, 4, 5] {
        files.push(format!("protocols/{protocol}.bin"));
        files.push(format!("protocols/{protocol}_legacy.bin"));
    }
    for file in &files {
        let weights = Weights::open(&fixture(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
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
