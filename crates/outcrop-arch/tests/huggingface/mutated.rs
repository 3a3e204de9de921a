//! Whatever is done to a `config.json`, it is read or refused: no panic, no architecture out of
//! range. `PROPTEST_CASES=100000 cargo test --test huggingface` looks longer.

use outcrop_arch::{ArchSpec, HuggingFace};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixtures::published;

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop::sample::select(vec![
            0u64,
            1,
            2,
            3,
            8,
            64,
            65_536,
            1 << 20,
            1 << 53,
            u64::MAX
        ])
        .prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec![0.0, -0.0, 0.25, 1.0, 1e-300, 1e300, f64::MAX, -1.5])
            .prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "default",
            "silu",
            "gelu",
            "llama",
            "full_attention",
            "é"
        ])
        .prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec!["rope_type", "rope_theta", "type", "factor", "0"]);
    leaf().prop_recursive(3, 12, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map(key.clone().prop_map(str::to_owned), inner, 0..3)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

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
        changes in prop::collection::vec((prop::sample::select(names()), value()), 1..4),
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
        at in any::<prop::sample::Index>(),
        remove in 0..20usize,
        insert in prop::sample::select(vec!["", "NaN", "1e999", "9", "-", "[[[[", "{", "\"", "\u{0}"]),
    ) {
        let mut text: Vec<char> = model.1.to_string().chars().collect();
        let from = at.index(text.len());
        let to = (from + remove).min(text.len());
        text.splice(from..to, insert.chars());
        try_out(&text.into_iter().collect::<String>());
    }
}

#[test]
fn deep_nesting_is_no_overflow() {
    let deep = format!("{{\"rope_scaling\": {}", "[".repeat(100_000));
    try_out(&deep);
}
