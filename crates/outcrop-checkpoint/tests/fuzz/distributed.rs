use std::path::Path;

use mutation::{mutate, mutations};
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

proptest! {
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
}
