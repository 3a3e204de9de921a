//! Safetensors files: what is written is read back, and nothing that is read is trusted.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use outcrop_checkpoint::{Tensor, read_metadata, read_tensors, write_tensors};
use proptest::prelude::*;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

fn tensor(name: &str, shape: &[usize], data: &[f32]) -> Tensor {
    Tensor {
        name: name.into(),
        shape: shape.into(),
        data: data.into(),
    }
}

fn file(dir: &Path, bytes: &[u8]) -> PathBuf {
    let path = dir.join("model.safetensors");
    std::fs::write(&path, bytes).unwrap();
    path
}

/// The bytes of a file with this header and as many zero bytes of data.
fn raw(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

fn error(bytes: &[u8]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let error = read_tensors(&file(dir.path(), bytes))
        .unwrap_err()
        .to_string();
    assert!(error.contains("model.safetensors"), "{error}");
    error
}

#[test]
fn the_reference_library_reads_what_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    let big: Vec<f32> = (0..40_000).map(|i| i as f32 * 0.5 - 7.0).collect();
    let tensors = [
        tensor("b", &[200, 200], &big),
        tensor("a", &[], &[f32::MIN_POSITIVE / 4.0]),
        tensor("empty", &[3, 0], &[]),
    ];
    let metadata = BTreeMap::from([
        ("format".into(), "pt".into()),
        ("step".into(), "512".into()),
    ]);
    write_tensors(&path, &tensors, &metadata).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let theirs = SafeTensors::deserialize(&bytes).unwrap();
    for Tensor { name, shape, data } in &tensors {
        let view = theirs.tensor(name).unwrap();
        assert_eq!((view.dtype(), view.shape()), (Dtype::F32, shape.as_slice()));
        assert!(
            view.data()
                .iter()
                .copied()
                .eq(data.iter().flat_map(|v| v.to_le_bytes()))
        );
    }
    assert_eq!(u64::from_le_bytes(bytes[..8].try_into().unwrap()) % 8, 0);
    assert_eq!(read_tensors(&path).unwrap(), tensors);
    assert_eq!(read_metadata(&path).unwrap(), metadata);
}

#[test]
fn other_floating_types_become_f32() {
    let values = [0.0f32, -1.5, 65504.0, 6.0e-8, f32::INFINITY];
    let bytes = |f: fn(f32) -> Vec<u8>| -> Vec<u8> { values.iter().flat_map(|v| f(*v)).collect() };
    let cases = [
        (Dtype::F16, bytes(|v| f16::from_f32(v).to_le_bytes().into())),
        (
            Dtype::BF16,
            bytes(|v| bf16::from_f32(v).to_le_bytes().into()),
        ),
        (Dtype::F64, bytes(|v| f64::from(v).to_le_bytes().into())),
    ];
    let dir = tempfile::tempdir().unwrap();
    for (dtype, data) in cases {
        let view = TensorView::new(dtype, vec![5], &data).unwrap();
        let path = file(dir.path(), &serialize([("h", view)], None).unwrap());
        let read = &read_tensors(&path).unwrap()[0].data;
        for (is, was) in read.iter().zip(values) {
            // 2^-8: half a unit in the last place of bf16; 2^-25: of f16's smallest subnormals.
            let close = (is - was).abs() <= was.abs() / 256.0 + f32::powi(2.0, -25);
            assert!(is == &was || close, "{dtype}: {is} for {was}");
        }
        assert_eq!((read[0], read[1], read[4]), (0.0, -1.5, f32::INFINITY));
    }
}

#[test]
fn another_type_is_refused_by_name() {
    let view = TensorView::new(Dtype::I64, vec![1], &[0; 8]).unwrap();
    let error = error(&serialize([("position_ids", view)], None).unwrap());
    assert!(
        error.contains("`position_ids`") && error.contains("I64"),
        "{error}"
    );
}

#[test]
fn what_does_not_fit_the_file_is_an_error_before_memory_is_taken() {
    let huge = r#"{"w":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}"#;
    let overflow =
        r#"{"w":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,8]}}"#;
    let overlap = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#;
    let gap = r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#;
    let short = r#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#;
    let whole = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    for (bytes, expected) in [
        (vec![], "0 bytes are too few"),
        (
            u64::MAX.to_le_bytes().to_vec(),
            "claims a header of 18446744073709551615 bytes",
        ),
        (
            99_999_999u64.to_le_bytes().to_vec(),
            "claims a header of 99999999 bytes",
        ),
        (raw("not json", 0), "header is invalid"),
        (
            raw(huge, 8),
            "claims 4398046511104 bytes of data, but it holds 8",
        ),
        (raw(overflow, 8), "overflow"),
        (raw(overlap, 12), "`b`"),
        (raw(gap, 12), "`b`"),
        (raw(short, 8), "header is invalid"),
        (raw(whole, 7), "claims 8 bytes of data, but it holds 7"),
        (raw(whole, 9), "claims 8 bytes of data, but it holds 9"),
    ] {
        let error = error(&bytes);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn tensors_that_cannot_be_written_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    let write = |tensors: &[Tensor]| {
        write_tensors(&path, tensors, &BTreeMap::new())
            .unwrap_err()
            .to_string()
    };
    let one = tensor("w", &[1], &[1.0]);
    assert!(write(&[one.clone(), one]).contains("`w` has a name that is taken"));
    assert!(write(&[tensor("__metadata__", &[1], &[1.0])]).contains("`__metadata__`"));
    let error = write(&[tensor("w", &[2, 3], &[1.0])]);
    assert!(error.contains("shape [2, 3] cannot hold 1"), "{error}");
    assert!(write(&[tensor("w", &[usize::MAX, 2], &[1.0])]).contains("cannot hold"));
    assert!(!path.exists());
}

fn tensors() -> impl Strategy<Value = Vec<Tensor>> {
    let one = ("[a-z.\"\\\\é]{1,8}", prop::collection::vec(0usize..4, 0..3)).prop_flat_map(
        |(name, shape)| {
            let n: usize = shape.iter().product();
            prop::collection::vec(any::<f32>(), n).prop_map(move |data| Tensor {
                name: name.clone(),
                shape: shape.clone(),
                data,
            })
        },
    );
    prop::collection::vec(one, 0..5).prop_map(|mut tensors| {
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        tensors.dedup_by(|a, b| a.name == b.name);
        tensors
    })
}

proptest! {
    #[test]
    fn tensors_come_back_bit_for_bit(tensors in tensors(), reverse: bool) {
        let mut tensors = tensors;
        if reverse {
            tensors.reverse();
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t");
        write_tensors(&path, &tensors, &BTreeMap::new()).unwrap();
        let mut back = read_tensors(&path).unwrap();
        // Empty tensors share their place, so their order is free.
        back.sort_by_key(|t| t.name.clone());
        tensors.sort_by_key(|t| t.name.clone());
        prop_assert_eq!(back.len(), tensors.len());
        for (b, t) in back.iter().zip(&tensors) {
            prop_assert_eq!((&b.name, &b.shape), (&t.name, &t.shape));
            prop_assert!(b.data.iter().map(|v| v.to_bits()).eq(t.data.iter().map(|v| v.to_bits())));
        }
    }
}
