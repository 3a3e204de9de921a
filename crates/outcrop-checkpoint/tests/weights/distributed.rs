//! Distributed checkpoints of PyTorch: `fixtures/distributed/export.py` wrote them.

use std::fs;
use std::path::{Path, PathBuf};

use outcrop_checkpoint::{CheckpointSeries, Weights};

use crate::read;

fn distributed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/distributed")
        .join(name)
}

/// A copy of the folder of two processes.
fn copy() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in [".metadata", "__0_0.distcp", "__1_0.distcp"] {
        fs::copy(distributed("two").join(name), dir.path().join(name)).unwrap();
    }
    dir
}

fn refusal(path: &Path) -> String {
    Weights::open(path).unwrap_err().to_string()
}

#[test]
fn slices_of_all_processes_are_joined_and_optimisers_left_out() {
    let expected = Weights::open(&distributed("full.safetensors")).unwrap();
    let names = |weights: &Weights| weights.names().map(str::to_owned).collect::<Vec<_>>();
    for folder in ["one", "two", "nested/step5"] {
        let found = Weights::open(&distributed(folder)).unwrap();
        assert_eq!(names(&found), names(&expected), "{folder}");
        for (name, info) in expected.tensors() {
            let there = found.get(name).unwrap();
            assert_eq!(
                (&there.shape, there.dtype),
                (&info.shape, info.dtype),
                "{folder}: {name}"
            );
            assert_eq!(
                read(&found, name),
                read(&expected, name),
                "{folder}: {name}"
            );
            assert_eq!(found.sha256(name).unwrap(), expected.sha256(name).unwrap());
        }
    }
}

#[test]
fn rows_are_those_of_the_whole() {
    let weights = Weights::open(&distributed("two")).unwrap();
    for (name, info) in weights.tensors() {
        let (all, rows) = (read(&weights, name), info.shape[0]);
        for from in 0..rows {
            for to in from..=rows {
                let mut some = Vec::new();
                weights.read_rows_f32(name, from..to, &mut some).unwrap();
                let row = all.len() / rows;
                assert_eq!(some, all[from * row..to * row], "{name}, {from}..{to}");
            }
        }
    }
}

#[test]
fn folders_of_steps_are_a_series() {
    let series = CheckpointSeries::open(&distributed("nested")).unwrap();
    assert_eq!(series.entries[0].step, Some(5));
    assert_eq!(series.entries[0].files.len(), 2);
}

#[test]
fn what_is_damaged_is_refused_with_the_reason() {
    let dir = copy();
    fs::remove_file(dir.path().join("__1_0.distcp")).unwrap();
    assert!(refusal(dir.path()).contains("__1_0.distcp"));

    let dir = copy();
    let file = dir.path().join("__0_0.distcp");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..5000]).unwrap();
    let error = refusal(dir.path());
    assert!(error.contains("reaches beyond the file"), "{error}");

    let dir = copy();
    let file = dir.path().join(".metadata");
    let mut bytes = fs::read(&file).unwrap();
    let at = bytes
        .windows(12)
        .position(|w| w == b"__0_0.distcp")
        .unwrap();
    bytes[at..at + 3].copy_from_slice(b"../");
    fs::write(&file, bytes).unwrap();
    let error = refusal(dir.path());
    assert!(error.contains("names the file `../_0.distcp`"), "{error}");
}

/// Nothing in a plan is called, whatever it asks for.
#[test]
fn a_plan_that_asks_for_code_is_refused() {
    let dir = copy();
    let file = dir.path().join(".metadata");
    fs::write(&file, b"\x80\x04cposix\nsystem\n\x8c\x02ls\x85R.").unwrap();
    let error = refusal(dir.path());
    assert!(error.contains("asks to call `posix.system`"), "{error}");
    fs::write(&file, b"\x80\x04}.").unwrap();
    let error = refusal(dir.path());
    assert!(
        error.contains("no `Metadata` of a distributed checkpoint"),
        "{error}"
    );
}
