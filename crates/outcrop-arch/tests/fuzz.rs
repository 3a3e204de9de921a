//! Whatever is done to a `config.json`, it is read or refused: no panic, no architecture out of
//! range. `PROPTEST_CASES=100000 cargo test -p outcrop-arch --test fuzz` looks longer.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "huggingface/files.rs"]
mod files;

use mutation::json::value;
use mutation::{mutate, text_mutations};
use outcrop_arch::{ArchSpec, HuggingFace};
use proptest::prelude::*;

use crate::files::published;

/// Texts and names that stand in such files.
const WORDS: &[&str] = &[
    "",
    "default",
    "silu",
    "gelu",
    "llama",
    "full_attention",
    "é",
];
const NAMES: &[&str] = &["rope_type", "rope_theta", "type", "factor", "0"];

/// The names of every setting that any of the files has, and two that none has.
fn names() -> Vec<String> {
    let mut names: Vec<String> = published()
        .iter()
        .flat_map(|(_, config)| {
            config
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        })
        .chain(["rope_parameters", "layer_types", "n_inner", "mlp_bias", "x"].map(str::to_owned))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Reads or refuses; what is read keeps every promise.
fn try_out(text: &str) {
    match HuggingFace::parse(text, "config.json") {
        Ok(read) => {
            read.arch.check().unwrap();
            read.family.check(&read.arch).unwrap();
            let json = serde_json::to_string(&read.arch).unwrap();
            assert_eq!(serde_json::from_str::<ArchSpec>(&json).unwrap(), read.arch);
            let tensors = read.family.tensors(&read.arch).unwrap();
            let sizes = tensors.iter().filter(|t| t.required);
            let total: u64 = sizes
                .map(|t| t.shape.iter().map(|n| *n as u64).product::<u64>())
                .sum();
            assert_eq!(total, read.arch.parameters().total);
        }
        Err(error) => assert!(error.to_string().len() < 600, "{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_settings_are_read_or_refused(
        model in prop::sample::select(published()),
        changes in prop::collection::vec((prop::sample::select(names()), value(WORDS, NAMES)), 1..4),
        removed in prop::collection::vec(prop::sample::select(names()), 0..2),
    ) {
        let mut config = model.1;
        let settings = config.as_object_mut().unwrap();
        settings.extend(changes);
        for name in removed {
            settings.remove(&name);
        }
        try_out(&config.to_string());
    }

    #[test]
    fn changed_text_is_read_or_refused(
        model in prop::sample::select(published()),
        changes in text_mutations(),
    ) {
        let mut text = model.1.to_string().into_bytes();
        mutate(&mut text, &changes);
        try_out(&String::from_utf8_lossy(&text));
    }
}

#[test]
fn deep_nesting_is_no_overflow() {
    let deep = format!("{{\"rope_scaling\": {}", "[".repeat(100_000));
    try_out(&deep);
}
