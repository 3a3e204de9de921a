use mutation::{Mutation, mutate, mutations};
use proptest::prelude::*;

use crate::{fixture, read_bytes};

/// Moves a mutation's place into the central directory, at the end of the archive, where the sizes
/// stand that are believed.
fn in_directory(bytes: &mut Vec<u8>, mutations: &[Mutation]) {
    let signature = b"PK\x01\x02";
    let start = bytes.windows(4).position(|w| w == signature).unwrap();
    let mut directory = bytes.split_off(start);
    mutate(&mut directory, mutations);
    bytes.extend(directory);
}

proptest! {
    #[test]
    fn mutated_archives_are_read_or_refused(mutations in mutations(), file in 0usize..3) {
        let mut bytes = fixture(["tensors.bin", "module.bin", "nested.bin"][file]);
        mutate(&mut bytes, &mutations);
        read_bytes("x.bin", &bytes);
    }

    #[test]
    fn mutated_directories_are_read_or_refused(mutations in mutations(), file in 0usize..3) {
        let mut bytes = fixture(["tensors.bin", "module.bin", "storage_short.bin"][file]);
        in_directory(&mut bytes, &mutations);
        read_bytes("x.bin", &bytes);
    }
}
