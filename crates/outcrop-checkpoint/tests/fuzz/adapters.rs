//! PEFT adapters: their settings, their matrices, and the base model to which they are added.

use std::path::Path;

use mutation::{json, mutate, mutations, text_mutations};
use proptest::prelude::*;
use serde_json::Value;

use crate::read_all;

fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/trainers/peft");
    std::fs::read(folder.join(name)).unwrap()
}

/// Reads an adapter beside its base model.
fn read_adapter(config: &[u8], adapter: &[u8], base: &[u8]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    write("adapter_config.json", config);
    write("adapter_model.safetensors", adapter);
    write("model.safetensors", base);
    read_all(dir.path())
}

const CONFIG: &str = "all/adapter_config.json";
const ADAPTER: &str = "all/adapter_model.safetensors";
const BASE: &str = "base/model.safetensors";
const WORDS: &[&str] = &[
    "LORA", "none", "all", "base", "..", "/", "pissa", "", "q_proj",
];
const NAMES: &[&str] = &["r", "lora_alpha", "bias", "use_dora", "q_proj"];

proptest! {
    #[test]
    fn mutated_settings_are_read_or_refused(changes in prop_oneof![mutations(), text_mutations()]) {
        let mut config = file(CONFIG);
        mutate(&mut config, &changes);
        read_adapter(&config, &file(ADAPTER), &file(BASE));
    }

    #[test]
    fn settings_of_other_kinds_are_read_or_refused(
        at in any::<usize>(),
        new in json::value(WORDS, NAMES),
    ) {
        let mut config: Value = serde_json::from_slice(&file(CONFIG)).unwrap();
        json::replace(&mut config, at, &new);
        read_adapter(config.to_string().as_bytes(), &file(ADAPTER), &file(BASE));
    }

    #[test]
    fn mutated_matrices_are_read_or_refused(changes in mutations(), which: bool) {
        let (mut adapter, mut base) = (file(ADAPTER), file(BASE));
        mutate(if which { &mut adapter } else { &mut base }, &changes);
        read_adapter(&file(CONFIG), &adapter, &base);
    }
}

#[test]
fn the_files_are_read_as_they_are() {
    assert!(read_adapter(&file(CONFIG), &file(ADAPTER), &file(BASE)));
}
