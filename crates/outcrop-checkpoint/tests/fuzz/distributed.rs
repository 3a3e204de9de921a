use std::path::Path;

use mutation::{Mutation, mutate, mutations, text_mutations};
use proptest::prelude::*;

use crate::read_all;

fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/distributed/two");
    std::fs::read(folder.join(name)).unwrap()
}

/// Reads a checkpoint of these files.
fn read_files(metadata: &[u8], first: &[u8]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    write(".metadata", metadata);
    write("__0_0.distcp", first);
    write("__1_0.distcp", &file("__1_0.distcp"));
    read_all(dir.path())
}

/// Files of trainers' checkpoints that say settings, plans or weights, and the folders of these.
const FILES: [(&str, &str); 6] = [
    ("megatron/iter_0000040", "common.pt"),
    ("megatron/iter_0000040", ".metadata"),
    ("olmo_core/step30", "config.json"),
    ("olmo_core/step30", "model_and_optim/.metadata"),
    ("torchtune/epoch_0", "config.json"),
    ("torchtune/epoch_0", "model-00001-of-00001.bin"),
];

/// Copies a folder.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match from.is_dir() {
            true => copy(&from, &to),
            false => drop(std::fs::copy(&from, &to).unwrap()),
        }
    }
}

/// Reads one of [`FILES`] with its file changed.
fn read_changed(which: usize, changes: &[Mutation]) -> bool {
    let (folder, name) = FILES[which];
    let dir = tempfile::tempdir().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/distributed");
    copy(&fixtures.join(folder), dir.path());
    let path = dir.path().join(name);
    let mut bytes = std::fs::read(&path).unwrap();
    mutate(&mut bytes, changes);
    std::fs::write(&path, bytes).unwrap();
    read_all(dir.path())
}

proptest! {
    #[test]
    fn mutated_folders_of_trainers_are_read_or_refused(
        which in 0..FILES.len(),
        changes in prop_oneof![mutations(), text_mutations()],
    ) {
        read_changed(which, &changes);
    }

    #[test]
    fn mutated_plans_are_read_or_refused(mutations in mutations()) {
        let mut bytes = file(".metadata");
        mutate(&mut bytes, &mutations);
        read_files(&bytes, &file("__0_0.distcp"));
    }

    #[test]
    fn mutated_slices_are_read_or_refused(mutations in mutations()) {
        let mut bytes = file("__0_0.distcp");
        mutate(&mut bytes, &mutations);
        read_files(&file(".metadata"), &bytes);
    }
}

#[test]
fn the_files_are_read_as_they_are() {
    assert!(read_files(&file(".metadata"), &file("__0_0.distcp")));
    for (which, file) in FILES.iter().enumerate() {
        assert!(read_changed(which, &[]), "{file:?}");
    }
}
