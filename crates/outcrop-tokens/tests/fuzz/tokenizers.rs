//! The library that reads a `tokenizer.json` panics on some of these files; that is contained, and
//! counted as refused.

use std::sync::Once;

use mutation::json::{leaf, replace};
use mutation::{mutate, mutations};
use outcrop_tokens::{Error, TokenSource, Tokenizer, Windows, sequences};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixture;

const FILES: [&str; 4] = ["bpe", "llama", "unigram", "wordpiece"];
const TEXT: &str = "The ratio,  été\n\n漢字 🦀 <|endoftext|> <s> [CLS] x'll 1234\u{0301}\t`code`";

/// Contained panics would be printed by the thousand.
fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let place = info.location().map_or("", |place| place.file());
            if place.contains("crates/outcrop-tokens") || place.contains("tests/fuzz") {
                loud(info);
            }
        }));
    });
}

fn try_out(bytes: &[u8]) {
    quiet();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tokenizer.json");
    std::fs::write(&path, bytes).unwrap();
    let tokenizer = match Tokenizer::open(&path) {
        Ok(tokenizer) => tokenizer,
        Err(error) => return assert!(matches!(error, Error::Tokenizer { .. }), "{error}"),
    };
    let text = dir.path().join("x.txt");
    std::fs::write(&text, TEXT).unwrap();
    let windows = Windows {
        count: Some(1),
        length: Some(4),
        bos: None,
    };
    let found = sequences(
        &TokenSource::of(&[text], None),
        windows,
        Some(&tokenizer),
        600,
    );
    if let Ok(found) = found {
        for id in found.ids.iter().flatten() {
            let _ = found.token_text(*id);
        }
    }
    for id in [0, 1, 299, tokenizer.vocab() as u32, u32::MAX] {
        let _ = tokenizer.token_text(id);
    }
    let _ = tokenizer.id("<s>");
}

/// Texts that stand in such files.
const WORDS: &[&str] = &[
    "",
    "a",
    "Ġ",
    "▁",
    "<unk>",
    "BPE",
    "Unigram",
    "WordPiece",
    "WordLevel",
    "Sequence",
    "Replace",
    "Prepend",
    "ByteLevel",
    "Metaspace",
    "Precompiled",
    "Split",
    "Strip",
    "Truncate",
    "Fixed",
    "always",
    "Isolated",
    "a+b",
    "[",
    "\\p{L}+|(?!x)",
    "abcd",
];

/// A part of a tokenizer, with settings of its kind and of others.
fn part() -> impl Strategy<Value = Value> {
    let kinds = [
        "Sequence",
        "Replace",
        "Prepend",
        "ByteLevel",
        "Metaspace",
        "Precompiled",
        "Split",
        "Strip",
        "NFC",
        "NFKD",
        "Lowercase",
        "StripAccents",
        "Nmt",
        "BertNormalizer",
        "BertPreTokenizer",
        "Punctuation",
        "Digits",
        "UnicodeScripts",
        "FixedLength",
        "CharDelimiterSplit",
        "Whitespace",
        "WhitespaceSplit",
        "TemplateProcessing",
        "BertProcessing",
        "RobertaProcessing",
        "ByteFallback",
        "Fuse",
        "CTC",
        "BPEDecoder",
        "WordPiece",
        "BPE",
        "Unigram",
        "WordLevel",
    ];
    let names = [
        "pattern",
        "content",
        "prepend",
        "precompiled_charsmap",
        "replacement",
        "prepend_scheme",
        "split",
        "behavior",
        "invert",
        "strip_left",
        "strip_right",
        "start",
        "stop",
        "left",
        "right",
        "length",
        "individual_digits",
        "delimiter",
        "add_prefix_space",
        "trim_offsets",
        "use_regex",
        "single",
        "pair",
        "special_tokens",
        "sep",
        "cls",
        "prefix",
        "cleanup",
        "pad_token",
        "word_delimiter_token",
        "suffix",
        "vocab",
        "merges",
        "unk_id",
        "unk_token",
        "byte_fallback",
    ];
    let setting = prop_oneof![
        5 => leaf(WORDS),
        1 => leaf(WORDS).prop_map(|leaf| json!({"String": leaf})),
        1 => leaf(WORDS).prop_map(|leaf| json!({"Regex": leaf})),
        1 => (leaf(WORDS), leaf(WORDS)).prop_map(|(a, b)| json!([[a, b]])),
        1 => (leaf(WORDS), leaf(WORDS)).prop_map(|(a, b)| json!([a, b])),
    ];
    let names = prop::sample::select(names.to_vec()).prop_map(str::to_owned);
    let settings = prop::collection::btree_map(names, setting, 0..6);
    let one = (prop::sample::select(kinds.to_vec()), settings).prop_map(|(kind, settings)| {
        let mut part: serde_json::Map<String, Value> = settings.into_iter().collect();
        part.insert("type".into(), kind.into());
        Value::Object(part)
    });
    one.prop_recursive(3, 8, 3, |inner| {
        let names = ["normalizers", "pretokenizers", "decoders", "processors"];
        (
            prop::sample::select(names.to_vec()),
            prop::collection::vec(inner, 0..3),
        )
            .prop_map(|(name, parts)| json!({"type": "Sequence", name: parts}))
    })
}

fn parsed(file: &str) -> Value {
    serde_json::from_slice(&fixture(&format!("{file}/tokenizer.json"))).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_files_are_read_or_refused(
        file in prop::sample::select(FILES.to_vec()), mutations in mutations(),
    ) {
        let mut bytes = fixture(&format!("{file}/tokenizer.json"));
        mutate(&mut bytes, &mutations);
        try_out(&bytes);
    }

    #[test]
    fn changed_values_are_read_or_refused(
        file in prop::sample::select(FILES.to_vec()),
        changes in prop::collection::vec((any::<usize>(), leaf(WORDS)), 1..4),
    ) {
        let mut json = parsed(file);
        for (at, new) in changes {
            replace(&mut json, at, &new);
        }
        try_out(json.to_string().as_bytes());
    }

    #[test]
    fn changed_parts_are_read_or_refused(
        file in prop::sample::select(FILES.to_vec()),
        name in prop::sample::select(vec![
            "normalizer", "pre_tokenizer", "post_processor", "decoder", "model", "truncation", "padding",
        ]),
        part in part(),
    ) {
        let mut json = parsed(file);
        json[name] = part;
        try_out(json.to_string().as_bytes());
    }

    /// Settings of the parts that are there, the long lists of the model left as they are.
    #[test]
    fn changed_settings_are_read_or_refused(
        file in prop::sample::select(FILES.to_vec()),
        changes in prop::collection::vec((any::<usize>(), leaf(WORDS)), 1..4),
    ) {
        let mut json = parsed(file);
        let mut model = json["model"].take();
        let (vocab, merges) = (model["vocab"].take(), model["merges"].take());
        json["model"] = model;
        for (at, new) in changes {
            replace(&mut json, at, &new);
        }
        if let Some(model) = json.get_mut("model").and_then(Value::as_object_mut) {
            model.insert("vocab".into(), vocab);
            if !merges.is_null() {
                model.insert("merges".into(), merges);
            }
        }
        try_out(json.to_string().as_bytes());
    }
}

/// The files are read as they are, so that what is mutated is right.
#[test]
fn the_files_themselves_are_read() {
    for file in FILES {
        let path = format!("{}/tests/fixtures/{file}", env!("CARGO_MANIFEST_DIR"));
        assert!(
            Tokenizer::open(path.as_ref())
                .unwrap()
                .encode(TEXT)
                .unwrap()
                .len()
                > 4
        );
    }
}

#[test]
fn deep_nesting_is_no_overflow() {
    for open in ["[", "{\"type\":\"Sequence\",\"normalizers\":["] {
        try_out(format!("{{\"normalizer\": {}", open.repeat(50_000)).as_bytes());
    }
}
