//! Against what NumPy and the tokenizers package of Python make of the same files
//! (fixtures/export.py).
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod documents;
mod formats;
mod ids;
mod sequences;
mod text;
mod tokenizer;
mod windows;

use std::path::{Path, PathBuf};

use outcrop_tokens::{TokenSource, Tokenizer, Windows};
use serde_json::Value;

const TOKENIZERS: [&str; 4] = ["bpe", "llama", "unigram", "wordpiece"];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn expected() -> Value {
    let text = std::fs::read_to_string(fixture("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn numbers(value: &Value) -> Vec<u32> {
    serde_json::from_value(value.clone()).unwrap()
}

fn tokenizer(name: &str) -> Tokenizer {
    Tokenizer::open(&fixture(name)).unwrap()
}

fn source(name: &str) -> TokenSource {
    TokenSource::of(&[fixture(name)], None)
}

fn windows(count: usize, length: usize) -> Windows {
    Windows {
        count: Some(count),
        length: Some(length),
        bos: None,
    }
}

/// The message of an error, which must not be too long to read.
fn message<T: std::fmt::Debug>(result: outcrop_tokens::Result<T>) -> String {
    let message = result.unwrap_err().to_string();
    assert!(message.len() < 600, "{message}");
    message
}
