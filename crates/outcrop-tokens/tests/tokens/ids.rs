use std::fs;
use std::path::Path;

use outcrop_tokens::{Result, TokenSource, Windows, sequences};

use crate::{expected, fixture, message, numbers, source, windows};

const DTYPES: [&str; 7] = ["u1", "u2", "u4", "u8", "i2", "i4", "i8"];

fn ids(path: &Path, windows: Windows) -> Result<Vec<Vec<u32>>> {
    let source = TokenSource::ids(path);
    sequences(&source, windows, None, 1000).map(|found| found.ids)
}

#[test]
fn every_dtype_and_version_gives_the_first_windows() {
    let stream = numbers(&expected()["stream"]);
    let names = DTYPES.map(|dtype| format!("stream_{dtype}.npy"));
    let others = [
        "version_1.npy",
        "version_2.npy",
        "version_3.npy",
        "stream.bin",
        "stream.u16",
    ];
    for name in names.iter().map(String::as_str).chain(others) {
        let path = fixture("arrays").join(name);
        let found = ids(&path, windows(5, 19)).unwrap();
        let wanted: Vec<_> = stream.chunks_exact(19).take(5).collect();
        assert_eq!(found, wanted, "{name}");
        assert_eq!(source(&format!("arrays/{name}")), TokenSource::ids(path));
    }
    let found = ids(&fixture("arrays/stream.u32"), windows(2, 40)).unwrap();
    assert_eq!(found[1][39], stream[79] * 50_000);
}

#[test]
fn rows_are_sequences_as_they_are() {
    let rows: Vec<Vec<u32>> = serde_json::from_value(expected()["rows"].clone()).unwrap();
    for dtype in DTYPES {
        let path = fixture(&format!("arrays/rows_{dtype}.npy"));
        assert_eq!(ids(&path, Windows::default()).unwrap(), rows, "{dtype}");
    }
    let path = fixture("arrays/rows_u2.npy");
    assert_eq!(ids(&path, windows(3, 12)).unwrap(), rows[..3]);
    let bos = Windows {
        bos: Some(9),
        ..Windows::default()
    };
    let found = ids(&path, bos).unwrap();
    assert_eq!((found[7].len(), found[7][0]), (12, 9));
    assert_eq!(found[7][1..], rows[7][..11]);
    let error = message(ids(&path, windows(9, 12)));
    assert!(
        error.contains("it has 8 rows; --windows 8 would do"),
        "{error}"
    );
    let error = message(ids(&path, windows(3, 10)));
    assert!(
        error.contains("its rows have 12 tokens, and 10 were asked for"),
        "{error}"
    );
}

#[test]
fn what_is_no_array_of_ids_is_refused_by_name() {
    for (name, reason) in [
        ("fortran", "Fortran order"),
        ("big_endian", "dtype \">u2\" is none of |u1, <u2"),
        ("float", "dtype \"<f4\""),
        ("boolean", "dtype \"|b1\""),
        ("byte", "dtype \"|i1\""),
        ("fields", "its dtype has fields"),
        ("cube", "its shape is [2, 4, 12]; expected are [tokens]"),
        ("scalar", "its shape is []"),
        ("no_columns", "its shape is [3, 0]"),
        ("negative", "value 2 is -2, and ids are not negative"),
        (
            "above_u32",
            "value 1 is 4294967296, and ids end at 4294967295",
        ),
    ] {
        let path = fixture(&format!("arrays/refused_{name}.npy"));
        let error = message(ids(&path, windows(1, 3)));
        assert!(error.contains(reason), "{error}");
        assert!(
            error.contains(&format!("refused_{name}.npy as token ids")),
            "{error}"
        );
    }
}

#[test]
fn only_what_is_needed_is_read() {
    // the value that is no id lies behind the window
    let path = fixture("arrays/refused_negative.npy");
    assert_eq!(ids(&path, windows(1, 2)).unwrap(), [[3, 1]]);
    // a sparse file of 64 GB, which could not be read whole
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.bin");
    let file = fs::File::create(&path).unwrap();
    file.set_len(64 << 30).unwrap();
    assert_eq!(ids(&path, windows(2, 3)).unwrap(), [[0; 3]; 2]);
}

/// An array whose header is this text.
fn with_header(header: &str, data: usize) -> Result<Vec<Vec<u32>>> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    let length = (header.len() as u16).to_le_bytes();
    let start = [&b"\x93NUMPY\x01\x00"[..], &length, header.as_bytes()].concat();
    fs::write(&path, [start, vec![1; data]].concat()).unwrap();
    ids(&path, windows(1, 2))
}

#[test]
fn headers_that_do_not_hold_are_refused() {
    let order = "'fortran_order': False";
    let honest = format!("{{'descr': '<u2', {order}, 'shape': (3,), }}   \n");
    assert_eq!(with_header(&honest, 6).unwrap(), [[257, 257]]);
    let other_order = format!("{{\"shape\": (3,), {order}, \"descr\": \"<u2\"}}");
    assert_eq!(with_header(&other_order, 6).unwrap(), [[257, 257]]);
    let shape = |shape: &str| format!("{{'descr': '<u2', {order}, 'shape': {shape}}}");
    for (header, reason) in [
        (honest.clone(), "needs 6 bytes, and 5 follow"),
        (shape("(2,)"), "needs 4 bytes, and 5 follow"),
        (
            shape("(18446744073709551615,)"),
            "more bytes than any file has",
        ),
        (
            shape("(4294967296, 4294967296, 4294967296)"),
            "more bytes than any file",
        ),
        (shape("(0, 18446744073709551615, 2)"), "needs 0 bytes"),
        (shape("(99999999999999999999,)"), "where a size is expected"),
        (shape("(-1,)"), "where a size is expected"),
        (shape("3"), "where '(' is expected"),
        (format!("{{'descr': '<u2', {order}}}"), "no \"shape\""),
        (
            format!("{{'descr': '<u2', {order}, {order}}}"),
            "repeated key \"fortran_order\"",
        ),
        (
            "{'descr': '<u2".into(),
            "a string in its header does not end",
        ),
        ("{'x': 1}".into(), "unknown or repeated key \"x\""),
        (honest.clone() + "x", "continues after its dict"),
        (String::new(), "where '{' is expected"),
    ] {
        let error = message(with_header(&header, 5));
        assert!(error.contains(reason), "{header}: {error}");
    }
}

#[test]
fn a_file_cut_anywhere_is_refused_unless_it_is_raw() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = fs::read(fixture("arrays/stream_u2.npy")).unwrap();
    for end in 0..bytes.len() {
        let path = dir.path().join("x.npy");
        fs::write(&path, &bytes[..end]).unwrap();
        message(ids(&path, windows(1, 2)));
    }
    let path = dir.path().join("x.bin");
    fs::write(&path, [1, 2, 3]).unwrap();
    let error = message(ids(&path, windows(1, 1)));
    assert!(
        error.contains("3 bytes are no whole number of <u2 ids of 2 bytes"),
        "{error}"
    );
    let error = message(ids(&dir.path().join("absent.bin"), windows(1, 1)));
    assert!(error.contains("absent.bin"), "{error}");
    let error = message(ids(&fixture("documents.jsonl"), windows(1, 1)));
    assert!(
        error.contains("ends in none of .npy") && error.contains("--tokens-type"),
        "{error}"
    );
}

#[test]
fn a_header_may_not_claim_more_than_numpy_reads() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    for (start, reason) in [
        (
            &b"\x93NUMPY\x02\x00\xff\xff\xff\xff{"[..],
            "claims 4294967295 bytes",
        ),
        (b"\x93NUMPY\x04\x00\x10\x00{", "version 4.0"),
        (b"\x93NUMPX\x01\x00\x10\x00{", "does not start as"),
        (b"\x93NUMPY\x01\x00\x10\x00{", "ends within its header"),
    ] {
        fs::write(&path, start).unwrap();
        let error = message(ids(&path, windows(1, 1)));
        assert!(error.contains(reason), "{error}");
    }
}
