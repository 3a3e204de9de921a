use std::fs;

use mutation::{mutate, mutations};
use proptest::prelude::*;

use crate::{fixture, read_all};

fn folder(kind: &str, names: [&str; 3], index: &[u8], shard: &[u8]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let from = |name: &str| fixture(&format!("sharded_{kind}/{name}"));
    fs::write(dir.path().join(names[0]), index).unwrap();
    fs::write(dir.path().join(names[1]), shard).unwrap();
    fs::write(dir.path().join(names[2]), from(names[2])).unwrap();
    read_all(dir.path())
}

const SAFETENSORS: [&str; 3] = [
    "model.safetensors.index.json",
    "model-00001-of-00002.safetensors",
    "model-00002-of-00002.safetensors",
];
const PYTORCH: [&str; 3] = [
    "pytorch_model.bin.index.json",
    "pytorch_model-00001-of-00002.bin",
    "pytorch_model-00002-of-00002.bin",
];

proptest! {
    #[test]
    fn mutated_indices_and_shards_are_read_or_refused(
        of_index in mutations(), of_shard in mutations(), which in 0u8..3, pytorch: bool,
    ) {
        let (kind, names) = if pytorch { ("bin", PYTORCH) } else { ("safetensors", SAFETENSORS) };
        let mut index = fixture(&format!("sharded_{kind}/{}", names[0]));
        let mut shard = fixture(&format!("sharded_{kind}/{}", names[1]));
        if which != 0 {
            mutate(&mut index, &of_index);
        }
        if which != 1 {
            mutate(&mut shard, &of_shard);
        }
        folder(kind, names, &index, &shard);
    }
}
