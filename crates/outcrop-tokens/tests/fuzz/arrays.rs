use mutation::{edge, mutate, mutations};
use outcrop_tokens::Windows;
use proptest::prelude::*;

use crate::{fixture, read};

const ARRAYS: [&str; 8] = [
    "stream_u1.npy",
    "stream_i8.npy",
    "rows_u2.npy",
    "rows_i4.npy",
    "version_2.npy",
    "version_3.npy",
    "refused_fields.npy",
    "refused_fortran.npy",
];

fn windows() -> impl Strategy<Value = Windows> {
    let number = || prop::option::weighted(0.7, prop_oneof![4 => 1usize..30, 1 => any::<usize>()]);
    let bos = prop::option::of(any::<u32>());
    (number(), number(), bos).prop_map(|(count, length, bos)| Windows { count, length, bos })
}

/// Reads an array; all ids that are held were in the file.
fn try_out(name: &str, bytes: &[u8], windows: Windows) {
    if let Some(found) = read(name, bytes, windows, None) {
        let held: usize = found.ids.iter().map(Vec::len).sum();
        let bos = usize::from(windows.bos.is_some()) * found.ids.len();
        assert!(
            held - bos <= bytes.len(),
            "{held} ids of {} bytes",
            bytes.len()
        );
    }
}

/// A header whose text is almost right.
fn header() -> impl Strategy<Value = String> {
    let size = || prop_oneof![4 => 0u64..20, 1 => edge()];
    let descr = prop::sample::select(vec![
        "<u2", "|u1", "<i8", ">u2", "<u4", "<f4", "|O", "<u2é", "",
    ]);
    let order = prop::sample::select(vec!["False", "False", "False", "True", "0", "None"]);
    let end = prop::sample::select(vec![", }", "}", "} \n", "", "}}", ",", ", 'x': 1}"]);
    (descr, order, prop::collection::vec(size(), 0..4), end).prop_map(
        |(descr, order, shape, end)| {
            let shape: String = shape.iter().map(|n| format!("{n}, ")).collect();
            format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({shape}){end}")
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_arrays_are_read_or_refused(
        file in prop::sample::select(ARRAYS.to_vec()), mutations in mutations(), windows in windows(),
    ) {
        let mut bytes = fixture(&format!("arrays/{file}"));
        mutate(&mut bytes, &mutations);
        try_out("x.npy", &bytes, windows);
    }

    /// What is mutated is the header alone.
    #[test]
    fn mutated_headers_are_read_or_refused(
        file in prop::sample::select(ARRAYS.to_vec()), mutations in mutations(), windows in windows(),
    ) {
        let mut bytes = fixture(&format!("arrays/{file}"));
        let data = bytes.split_off(128);
        mutate(&mut bytes, &mutations);
        bytes.extend(data);
        try_out("x.npy", &bytes, windows);
    }

    #[test]
    fn headers_with_free_numbers_are_read_or_refused(
        header in header(), version in 0u8..5, data in 0usize..99, windows in windows(),
    ) {
        let mut bytes = b"\x93NUMPY".to_vec();
        bytes.extend([version, 0]);
        let length = (header.len() as u32).to_le_bytes();
        bytes.extend(&length[..if version == 1 { 2 } else { 4 }]);
        bytes.extend(header.as_bytes());
        bytes.extend(vec![1; data]);
        try_out("x.npy", &bytes, windows);
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..200), windows in windows(),
    ) {
        for name in ["x.bin", "x.u16", "x.u32", "x.npy"] {
            try_out(name, &bytes, windows);
        }
    }
}
