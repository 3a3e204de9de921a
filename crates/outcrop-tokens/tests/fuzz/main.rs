//! Files that are almost right: whatever stands in them, they are read or refused, without a panic
//! and without memory for more than they hold. A few hundred cases of each kind run by default;
//! `PROPTEST_CASES=1000000 cargo test -p outcrop-tokens --test fuzz` runs more.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod arrays;
mod documents;
mod formats;
mod tokenizers;

use std::path::Path;

use outcrop_tokens::{Sequences, TokenSource, Tokenizer, Windows, sequences};

/// A fixture's bytes.
fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(folder.join(name)).unwrap()
}

/// The windows of a file of these bytes, if it is read; what is read is as asked.
fn read(
    name: &str,
    bytes: &[u8],
    windows: Windows,
    tokenizer: Option<&Tokenizer>,
) -> Option<Sequences> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let found = match sequences(&TokenSource::of(&[path], None), windows, tokenizer, 600) {
        Ok(found) => found,
        Err(error) => {
            assert!(error.to_string().len() < 1500, "{error}");
            return None;
        }
    };
    assert!(!found.ids.is_empty());
    for ids in &found.ids {
        assert!(windows.length.is_none_or(|length| ids.len() == length));
        assert!(windows.bos.is_none_or(|bos| ids[0] == bos));
    }
    let _ = found.check(600, Some(8));
    Some(found)
}
