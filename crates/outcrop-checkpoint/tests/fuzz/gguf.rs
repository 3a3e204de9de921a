use mutation::{edge, mutate, mutations};
use proptest::prelude::*;

use crate::read_bytes;

fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/gguf/");
    std::fs::read(format!("{folder}{name}.gguf")).unwrap()
}

/// One of each way in which tensors are turned into those of transformers, and of each config.
const FAMILIES: [&str; 26] = [
    "llama",
    "gpt2",
    "gptneox",
    "gemma2",
    "falcon",
    "converted/falcon_new",
    "converted/gemma3",
    "converted/olmo_clipped",
    "converted/olmo3",
    "converted/granite",
    "converted/smollm3",
    "converted/arcee",
    "converted/seed_oss",
    "converted/cohere_qk_norm",
    "converted/stablelm",
    "converted/mpt",
    "converted/phi2",
    "converted/phi3",
    "converted/starcoder",
    "converted/nemotron",
    "converted/olmoe",
    "converted/qwen2_moe",
    "converted/stablelm_parallel",
    "converted/cohere2",
    "converted/llama3",
    "converted/exaone4_windows",
];

proptest! {
    #[test]
    fn mutated_files_are_read_or_refused(mutations in mutations(), which in 0usize..3) {
        let mut bytes = file(["types", "llama", "gptneox"][which]);
        mutate(&mut bytes, &mutations);
        read_bytes("x.gguf", &bytes);
    }

    /// Changes in the header alone, in which nearly all bytes mean something.
    #[test]
    fn mutated_headers_are_read_or_refused(mutations in mutations(), which in 0..FAMILIES.len()) {
        let mut bytes = file(FAMILIES[which]);
        let rest = bytes.split_off(1200);
        mutate(&mut bytes, &mutations);
        read_bytes("x.gguf", &[bytes, rest].concat());
    }

    /// Every number of a tensor's entry is free.
    #[test]
    fn tensors_with_free_numbers_are_read_or_refused(
        numbers in prop::collection::vec(prop_oneof![0u64..40, edge()], 3),
        kind in 0u32..40,
    ) {
        let mut bytes = file("llama");
        let name = b"token_embd.weight";
        let at = bytes.windows(name.len()).position(|w| w == name).unwrap() + name.len() + 4;
        for (i, number) in numbers.iter().take(2).enumerate() {
            bytes[at + 8 * i..][..8].copy_from_slice(&number.to_le_bytes());
        }
        bytes[at + 16..][..4].copy_from_slice(&kind.to_le_bytes());
        bytes[at + 20..][..8].copy_from_slice(&numbers[2].to_le_bytes());
        read_bytes("x.gguf", &bytes);
    }
}

#[test]
fn the_files_are_read_as_they_are() {
    for name in FAMILIES.into_iter().chain(["types"]) {
        assert!(read_bytes("x.gguf", &file(name)), "{name}");
    }
}
