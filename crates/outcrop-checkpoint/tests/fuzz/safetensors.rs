use std::collections::BTreeMap;

use mutation::{edge, mutate, mutations};
use outcrop_checkpoint::{Tensor, read_metadata, read_tensors, read_tensors_where, write_tensors};
use proptest::prelude::*;

use crate::{fixture, read_bytes};

fn with_header(header: &[u8], data: &[u8]) -> Vec<u8> {
    let length = (header.len() as u64).to_le_bytes();
    [&length, header, data].concat()
}

/// A header whose numbers are free: most do not hold, and none may do harm.
fn header() -> impl Strategy<Value = String> {
    let dtypes = [
        "F32", "F16", "BF16", "F64", "I64", "U8", "BOOL", "F4", "F8_E4M3", "X",
    ];
    let offset = || prop_oneof![3 => (0u64..8).prop_map(|n| 4 * n), 1 => edge()];
    let extent = prop_oneof![3 => 0u64..5, 1 => edge()];
    let tensor = (
        "[a-c]",
        prop::sample::select(dtypes.to_vec()),
        prop::collection::vec(extent, 0..4),
        offset(),
        offset(),
    );
    let tensor = tensor.prop_map(|(name, dtype, shape, from, to)| {
        format!(r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{from},{to}]}}"#)
    });
    prop::collection::vec(tensor, 0..4).prop_map(|t| format!("{{{}}}", t.join(",")))
}

proptest! {
    #[test]
    fn mutated_files_are_read_or_refused(mutations in mutations()) {
        let mut bytes = fixture("tensors.safetensors");
        mutate(&mut bytes, &mutations);
        read_bytes("x.safetensors", &bytes);
    }

    /// Files that we wrote, of any shape: never more elements than the file has bytes for.
    #[test]
    fn mutated_files_of_ours_are_read_or_refused(
        shapes in prop::collection::vec(prop::collection::vec(0usize..4, 0..3), 0..5),
        mutations in mutations(),
    ) {
        let tensors: Vec<Tensor> = shapes.into_iter().enumerate().map(|(i, shape)| Tensor {
            name: format!("t{i}"),
            data: vec![0.5; shape.iter().product()],
            shape,
        }).collect();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        write_tensors(&path, &tensors, &BTreeMap::new()).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        mutate(&mut bytes, &mutations);
        std::fs::write(&path, &bytes).unwrap();
        if let Ok(read) = read_tensors(&path) {
            prop_assert!(read.iter().map(|t| 2 * t.data.len()).sum::<usize>() <= bytes.len());
        }
    }

    /// The length before the header is set right again: what is mutated is the header's text.
    #[test]
    fn mutated_headers_are_read_or_refused(mutations in mutations()) {
        let bytes = fixture("tensors.safetensors");
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let mut header = bytes[8..8 + length].to_vec();
        mutate(&mut header, &mutations);
        read_bytes("x.safetensors", &with_header(&header, &bytes[8 + length..]));
    }

    #[test]
    fn headers_with_free_numbers_are_read_or_refused(header in header(), data in 0usize..33) {
        let bytes = with_header(header.as_bytes(), &vec![0x3f; data]);
        read_bytes("x.safetensors", &bytes);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        std::fs::write(&path, &bytes).unwrap();
        let _ = read_metadata(&path);
        if let Ok(tensors) = read_tensors_where(&path, |name| name != "b") {
            let bytes: usize = tensors.iter().map(|t| 2 * t.data.len()).sum();
            prop_assert!(bytes <= data);
        }
    }

    #[test]
    fn noise_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_bytes("x.safetensors", &bytes);
        read_bytes("x.bin", &bytes);
        read_bytes("model.safetensors.index.json", &bytes);
    }
}
