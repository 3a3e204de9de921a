use std::io::{Cursor, Read, Write};

use mutation::{edge, mutate, mutations};
use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::{fixture, read_bytes};

/// An archive whose checksums are right, with this pickle and the storages of `file`.
fn archive(file: &str, pickle: &[u8]) -> Vec<u8> {
    let mut old = ZipArchive::new(Cursor::new(fixture(file))).unwrap();
    let mut new = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for place in 0..old.len() {
        let mut entry = old.by_index(place).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        new.start_file(&*name, stored).unwrap();
        let is_pickle = name.ends_with("data.pkl");
        new.write_all(if is_pickle { pickle } else { &bytes })
            .unwrap();
    }
    new.finish().unwrap().into_inner()
}

fn pickle(file: &str) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(fixture(file))).unwrap();
    let stem = file.trim_end_matches(".bin").rsplit('/').next().unwrap();
    let name = format!("{stem}/data.pkl");
    let mut bytes = Vec::new();
    archive
        .by_name(&name)
        .unwrap()
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

/// An operation with what follows it.
fn operation() -> impl Strategy<Value = Vec<u8>> {
    let names = [
        "collections\nOrderedDict\n",
        "torch._utils\n_rebuild_tensor_v2\n",
        "torch._utils\n_rebuild_tensor_v3\n",
        "torch._utils\n_rebuild_parameter\n",
        "torch\nFloatStorage\n",
        "torch\nHalfStorage\n",
        "torch.storage\nUntypedStorage\n",
        "torch\nSize\n",
        "torch\nfloat16\n",
        "_codecs\nencode\n",
        "collections\ndefaultdict\n",
        "builtins\nset\n",
        "builtins\nlist\n",
        "argparse\nNamespace\n",
        "numpy\ndtype\n",
        "numpy._core.multiarray\nscalar\n",
        "torch\nTensor\n",
        "torch\ndevice\n",
        "torch._tensor\n_rebuild_from_type_v2\n",
        "torch.nn.parameter\nParameter\n",
        "some.module\nUnknown\n",
    ];
    let texts = [
        "storage",
        "0",
        "1",
        "cpu",
        "w",
        "model",
        "state_dict",
        "latin1",
        "0.w",
        "ema",
        "optimizer",
    ];
    let text = |text: &str| [&[0x8c, text.len() as u8], text.as_bytes()].concat();
    prop_oneof![
        6 => prop::sample::select(b"(0129)NtlduseaQRb]}.\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x93\x94".to_vec())
            .prop_map(|op| vec![op]),
        3 => prop::sample::select(names.to_vec()).prop_map(|n| [b"c", n.as_bytes()].concat()),
        3 => prop::sample::select(texts.to_vec()).prop_map(text),
        4 => (prop::sample::select(b"Kqh".to_vec()), 0u8..8).prop_map(|(op, n)| vec![op, n]),
        1 => edge().prop_map(|n| [&b"\x8a\x08"[..], &n.to_le_bytes()].concat()),
        1 => (prop::sample::select(b"XTBjrJ\x8b\x8d\x8e\x95\x96".to_vec()), edge())
            .prop_map(|(op, n)| [&[op][..], &n.to_le_bytes()].concat()),
    ]
}

proptest! {
    #[test]
    fn mutated_pickles_are_read_or_refused(mutations in mutations(), file in 0usize..8) {
        let file = [
            "tensors.bin",
            "module.bin",
            "nested.bin",
            "protocol4.bin",
            "trainers/classes.bin",
            "trainers/classes4.bin",
            "trainers/attributes.bin",
            "trainers/ema_beside.bin",
        ][file];
        let mut bytes = pickle(file);
        mutate(&mut bytes, &mutations);
        read_bytes("x.bin", &archive(file, &bytes));
    }

    /// Pickles one after another, and the storages after them.
    #[test]
    fn mutated_files_of_the_old_format_are_read_or_refused(mutations in mutations(), which: bool) {
        let mut bytes = fixture(if which { "legacy.bin" } else { "trainers/legacy.bin" });
        mutate(&mut bytes, &mutations);
        read_bytes("x.bin", &bytes);
    }

    #[test]
    fn programs_of_allowed_operations_are_read_or_refused(
        operations in prop::collection::vec(operation(), 0..60),
    ) {
        let mut bytes = operations.concat();
        bytes.push(b'.');
        read_bytes("x.bin", &archive("module.bin", &bytes));
    }

    /// A tensor whose every number is free.
    #[test]
    fn tensors_with_free_numbers_are_read_or_refused(
        numbers in prop::collection::vec(prop_oneof![0u64..7, edge()], 4..10),
    ) {
        let int = |n: &u64| [&b"\x8a\x08"[..], &n.to_le_bytes()].concat();
        let [elements, offset, extents @ ..] = &*numbers else { unreachable!() };
        let (shape, strides) = extents.split_at(extents.len() / 2);
        let mut bytes = b"}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n(".to_vec();
        bytes.extend(b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu");
        bytes.extend(int(elements));
        bytes.extend(b"tQ");
        bytes.extend(int(offset));
        for sizes in [shape, strides] {
            bytes.push(b'(');
            bytes.extend(sizes.iter().flat_map(int));
            bytes.push(b't');
        }
        bytes.extend(b"\x89Nt\x52s.");
        read_bytes("x.bin", &archive("module.bin", &bytes));
    }
}

/// The programs above reach what they are to test: one with right numbers is read.
#[test]
fn an_honest_program_is_read() {
    assert!(read_bytes(
        "x.bin",
        &archive("module.bin", &pickle("module.bin"))
    ));
}

#[test]
fn honest_files_of_the_old_format_are_read() {
    assert!(read_bytes("x.bin", &fixture("legacy.bin")));
    assert!(read_bytes("x.bin", &fixture("trainers/legacy.bin")));
}

/// A dict in a dict, each under the same long key: its path is not copied for each.
#[test]
fn deep_and_wide_dicts_of_long_keys_take_no_more_memory_than_their_pickle() {
    let mut bytes = b"}X\x00\x01\x00\x00".to_vec();
    bytes.extend(b"k".repeat(256));
    bytes.extend(b"q\x000");
    for _ in 0..3000 {
        bytes.extend(b"h\x00}");
    }
    bytes.extend(b"s".repeat(3000));
    bytes.push(b'.');
    assert!(!read_bytes("x.bin", &archive("module.bin", &bytes)));
}

/// A dimension of one index has any stride: nothing is stepped over.
#[test]
fn the_stride_of_one_index_overflows_nothing() {
    let mut bytes = b"}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((".to_vec();
    bytes.extend(
        b"X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu",
    );
    bytes.extend(b"K\x06tQK\x00(K\x01K\x03K\x02t(");
    bytes.extend([&b"\x8a\x08"[..], &i64::MAX.to_le_bytes()].concat());
    bytes.extend(b"K\x01K\x03t\x89NtRs.");
    assert!(read_bytes("x.bin", &archive("module.bin", &bytes)));
}

/// A tensor of this rank under so many names.
fn shared(rank: usize, names: usize) -> Vec<u8> {
    let mut bytes = b"}ctorch._utils\n_rebuild_tensor_v2\n((".to_vec();
    bytes.extend(
        b"X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu",
    );
    bytes.extend(b"K\x06tQK\x00");
    for _ in 0..2 {
        bytes.push(b'(');
        bytes.extend(b"K\x01".repeat(rank));
        bytes.push(b't');
    }
    bytes.extend(b"\x89NtRq\x000");
    for name in 0..names {
        bytes.extend(b"\x8c\x05");
        bytes.extend(format!("{name:05}").as_bytes());
        bytes.extend(b"h\x00s");
    }
    bytes.push(b'.');
    bytes
}

/// Every name takes a copy of the shape: a hundred bytes a byte of the pickle.
#[test]
fn a_tensor_of_many_names_takes_no_more_memory_than_its_pickle() {
    assert!(read_bytes("x.bin", &archive("module.bin", &shared(2, 500))));
    assert!(!read_bytes(
        "x.bin",
        &archive("module.bin", &shared(64, 500))
    ));
}
