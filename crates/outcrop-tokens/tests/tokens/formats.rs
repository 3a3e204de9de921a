//! Files of ids as other programs write them (fixtures/export_formats.py), and such as would be misread.

use std::fs;
use std::path::{Path, PathBuf};

use outcrop_tokens::{IdType, Result, TokenFile, TokenSource, Windows, sequences};
use proptest::prelude::*;

use crate::{expected, fixture, message, numbers, windows};

fn read(path: &Path, kind: Option<IdType>, windows: Windows) -> Result<Vec<Vec<u32>>> {
    let path = path.to_owned();
    let found = sequences(&TokenSource::Ids { path, kind }, windows, None, 1000)?;
    Ok(found.ids)
}

/// The ids of the fixtures, times a factor.
fn stream(factor: u32) -> Vec<u32> {
    let ids = numbers(&expected()["stream"]);
    ids.into_iter().map(|id| id * factor).collect()
}

#[test]
fn megatron_and_llm_c_state_what_they_hold() {
    for (name, factor) in [
        ("megatron_u2", 200),
        ("megatron_i4", 600),
        ("megatron_i8", 1),
        ("llmc_gpt2", 200),
        ("llmc_llama3", 500),
    ] {
        let path = fixture(&format!("formats/{name}.bin"));
        let found = read(&path, None, windows(5, 19)).unwrap();
        assert_eq!(found.concat(), stream(factor)[..95], "{name}");
        let mut file = TokenFile::open(&path, None).unwrap();
        assert_eq!((file.len(), file.rows()), (97, None), "{name}");
        assert_eq!(file.read(90, 7).unwrap(), stream(factor)[90..], "{name}");
        message(file.read(90, 8));
    }
}

/// A `.bin` of these bytes beside whatever else the folder holds.
fn bin(dir: &tempfile::TempDir, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join("x.bin");
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_type_that_contradicts_what_the_file_states_is_refused() {
    for (name, given, said) in [
        (
            "formats/megatron_i4.bin",
            IdType::U16,
            "megatron_i4.idx says that its ids are <i4",
        ),
        (
            "formats/llmc_gpt2.bin",
            IdType::U32,
            "llm.c's header says that its ids are <u2",
        ),
        (
            "arrays/stream_u4.npy",
            IdType::I64,
            "its header says that its ids are <u4",
        ),
    ] {
        let error = message(read(&fixture(name), Some(given), windows(1, 2)));
        assert!(
            error.contains(said) && error.contains("leave that away"),
            "{error}"
        );
    }
    let path = fixture("formats/megatron_i4.bin");
    assert!(read(&path, Some(IdType::I32), windows(1, 2)).is_ok());
}

#[test]
fn an_index_that_does_not_fit_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let index = fs::read(fixture("formats/megatron_i4.idx")).unwrap();
    let ids = fs::read(fixture("formats/megatron_i4.bin")).unwrap();
    let path = bin(&dir, &ids);
    let with = |at: usize, bytes: &[u8]| {
        let mut index = index.clone();
        index[at..at + bytes.len()].copy_from_slice(bytes);
        fs::write(path.with_extension("idx"), index).unwrap();
        message(read(&path, None, windows(1, 2)))
    };
    for (at, bytes, said) in [
        (9, &[2u8][..], "version 2"),
        (17, &[6], "a float"),
        (17, &[2], "int8"),
        (17, &[99], "type 99"),
        (17, &[5], "sequence 1 has 1 ids at byte 160, and byte 320"),
        (18, &[255; 8], "more than its 114 bytes hold"),
        (34, &[41], "sequence 1 has 1 ids at byte 160, and byte 164"),
        (37, &[255], "sequence 0 has -16777176 ids"),
    ] {
        let error = with(at, bytes);
        assert!(error.contains(said) && error.contains("x.idx"), "{error}");
    }
    fs::write(path.with_extension("idx"), &index).unwrap();
    assert!(read(&path, None, windows(1, 2)).is_ok());
    bin(&dir, &ids[..ids.len() - 4]);
    let error = message(read(&path, None, windows(1, 2)));
    assert!(
        error.contains("its sequences make 388 bytes, and the .bin beside it has 384"),
        "{error}"
    );
    // another program's index says nothing: the ids are looked at
    fs::write(path.with_extension("idx"), "something else").unwrap();
    let error = message(read(&path, None, windows(1, 2)));
    assert!(error.contains("--tokens-type"), "{error}");
}

#[test]
fn a_shard_cut_short_and_other_files_of_llm_c_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let shard = fs::read(fixture("formats/llmc_gpt2.bin")).unwrap();
    for end in [4, 1024, 1100, 1217] {
        let error = message(read(&bin(&dir, &shard[..end]), None, windows(1, 2)));
        assert!(
            error.contains("llm.c") && error.contains("was it cut short?"),
            "{error}"
        );
    }
    let mut questions = shard;
    questions[..4].copy_from_slice(&20_240_522u32.to_le_bytes());
    let error = message(read(&bin(&dir, &questions), None, windows(1, 2)));
    assert!(error.contains("questions of an evaluation"), "{error}");
}

fn bytes_of<const N: usize>(ids: &[u32], bytes: impl Fn(u32) -> [u8; N]) -> Vec<u8> {
    ids.iter().flat_map(|id| bytes(*id)).collect()
}

/// What makes these ids of 32 and 64 bits, and reads them.
type Spelled = (&'static str, Vec<u8>);
fn spelled(ids: &[u32]) -> [Spelled; 3] {
    [
        ("u32", bytes_of(ids, u32::to_le_bytes)),
        ("i32", bytes_of(ids, |id| (id as i32).to_le_bytes())),
        ("i64", bytes_of(ids, |id| i64::from(id).to_le_bytes())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Ids of 32 or 64 bits are never read as u16, whatever the vocabulary; with their type they are read.
    #[test]
    fn longer_ids_are_not_read_by_halves(
        vocab in prop::sample::select(vec![4u32, 16, 300, 50_257, 65_537, 128_256, 262_208]),
        seeds in prop::collection::vec(any::<u32>(), 40..300),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let ids: Vec<u32> = seeds.iter().map(|seed| seed % vocab).collect();
        for (kind, bytes) in spelled(&ids) {
            let path = bin(&dir, &bytes);
            let n = ids.len();
            let given = read(&path, Some(kind.parse().unwrap()), windows(1, n)).unwrap();
            prop_assert_eq!(&given[0], &ids);
            let named = path.with_extension(kind);
            fs::copy(&path, &named).unwrap();
            prop_assert_eq!(&read(&named, None, windows(1, n)).unwrap()[0], &ids);
            let error = message(read(&path, None, windows(1, n)));
            prop_assert!(error.contains("of its words of 16 bits") && error.contains("--tokens-type u16"), "{}", error);
        }
        // ids of 64 bits under the name of shorter ones
        let (_, long) = &spelled(&ids)[2];
        let path = dir.path().join("long.u32");
        fs::write(&path, long).unwrap();
        prop_assert!(message(read(&path, None, windows(1, 4))).contains("words of 32 bits are 0"));
    }

    /// Real u16 of any vocabulary, with many zeros too, are read as they are.
    #[test]
    fn short_ids_are_not_refused(
        vocab in prop::sample::select(vec![2u32, 5, 16, 27, 257, 50_257, 65_536]),
        zeros in 0u32..9,
        seeds in prop::collection::vec(any::<u32>(), 64..400),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let id = |seed: &u32| if seed / 65_536 % 10 < zeros { 0 } else { seed % vocab };
        let mut ids: Vec<u32> = seeds.iter().map(id).collect();
        ids[..2].fill(1); // not every second one is 0
        let path = bin(&dir, &bytes_of(&ids, |id| (id as u16).to_le_bytes()));
        prop_assert_eq!(&read(&path, None, windows(1, ids.len())).unwrap()[0], &ids);
    }
}

/// Halves are seen behind a header of another program too, in the other order of bytes, and 64 bits are told
/// from 32 by ids above 65535.
#[test]
fn halves_are_known_behind_headers_in_either_order_and_by_their_length() {
    let dir = tempfile::tempdir().unwrap();
    let ids: Vec<u32> = (0..2000).map(|i| i * 7919 % 50_257).collect();
    let refused = |bytes: &[u8], said: &str| {
        let error = message(read(&bin(&dir, bytes), None, windows(1, 8)));
        assert!(error.contains(said), "{error}");
    };
    let header: Vec<u32> = (0..8).map(|i| 20_251_013 + 65_536 * i).collect();
    let behind = [header, ids.clone()].concat();
    refused(&bytes_of(&behind, u32::to_le_bytes), "as in ids of 32 bits");
    refused(
        &bytes_of(&ids, u32::to_be_bytes),
        "with the highest byte first",
    );
    let large: Vec<u32> = ids.iter().map(|id| id * 5 % 128_256).collect();
    refused(
        &bytes_of(&large, |id| i64::from(id).to_le_bytes()),
        "upper halves of ids of 64 bits",
    );
    refused(
        &bytes_of(&large, u32::to_le_bytes),
        "upper halves of ids of 32 bits",
    );
}

#[test]
fn ids_that_are_not_and_files_that_hold_none_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let ids: Vec<u8> = [5i32, 7, -100, 9]
        .into_iter()
        .flat_map(i32::to_le_bytes)
        .collect();
    let error = message(read(&bin(&dir, &ids), Some(IdType::I32), windows(1, 4)));
    assert!(
        error.contains("value 2 is -100, and ids are not negative"),
        "{error}"
    );
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:abab\nsize 438967671\n";
    for (content, said) in [
        (&pointer[..], "is a Git LFS pointer: run git lfs pull"),
        (
            b"PK\x03\x04 a checkpoint of PyTorch",
            "PyTorch's .pt and .bin",
        ),
        (b"\x1f\x8b\x08\x00 something packed", "compressed by gzip"),
        (
            &b"It was a bright cold day in April. ".repeat(9),
            "it looks like text, for which --text is",
        ),
    ] {
        for name in ["x.bin", "x.u16", "x.i64"] {
            let path = dir.path().join(name);
            fs::write(&path, content).unwrap();
            let error = message(read(&path, None, windows(1, 2)));
            assert!(error.contains(said) && error.contains(name), "{error}");
        }
    }
    fs::write(dir.path().join("x.npy"), pointer).unwrap();
    let error = message(read(&dir.path().join("x.npy"), None, windows(1, 2)));
    assert!(
        error.contains("is a Git LFS pointer") && error.contains("438967671 bytes"),
        "{error}"
    );
    // an array is one under any name
    let path = bin(&dir, &fs::read(fixture("arrays/stream_i8.npy")).unwrap());
    assert_eq!(read(&path, None, windows(1, 97)).unwrap()[0], stream(1));
}

/// A beginning of zeros tells nothing of the type, so what follows must.
#[test]
fn ids_behind_many_zeros_are_looked_at_too() {
    let dir = tempfile::tempdir().unwrap();
    let ids: Vec<u32> = (0..500).map(|i| i * 131 % 50_257).collect();
    let [(_, ints), _, _] = spelled(&ids);
    let zeros = vec![0; 1 << 18];
    let path = bin(&dir, &[zeros.as_slice(), &ints].concat());
    let n = (1 << 17) + 1000;
    assert_eq!(read(&path, None, windows(1, 1000)).unwrap(), [[0; 1000]]);
    assert!(message(read(&path, None, windows(1, n))).contains("--tokens-type"));
    let shorts = bytes_of(&ids, |id| (id as u16).to_le_bytes());
    let path = bin(&dir, &[zeros.as_slice(), &shorts].concat());
    let found = read(&path, None, windows(1, (1 << 17) + 500)).unwrap();
    assert_eq!(found[0][1 << 17..], ids);
    // there are no longer ids than of 64 bits
    let path = dir.path().join("x.i64");
    let longs = [5i64, 0, 70_000, 0].map(i64::to_le_bytes).concat();
    fs::write(&path, longs).unwrap();
    assert_eq!(
        read(&path, None, windows(1, 4)).unwrap(),
        [[5, 0, 70_000, 0]]
    );
}
