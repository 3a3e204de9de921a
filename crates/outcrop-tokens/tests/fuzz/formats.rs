use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use mutation::{mutate, mutations};
use outcrop_tokens::{TokenFile, Tokenizer, Windows, read_documents};
use proptest::prelude::*;

use crate::{fixture, read};

static TOKENIZER: LazyLock<Tokenizer> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/bpe");
    Tokenizer::open(path.as_ref()).unwrap()
});

fn ids(path: &Path) {
    match TokenFile::open(path, None) {
        Ok(mut file) => {
            let n = file.len().min(50);
            let _ = file.read(file.len() - n, n as usize);
        }
        Err(error) => assert!(error.to_string().len() < 1500, "{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_indices_are_read_or_refused(
        name in prop::sample::select(vec!["u2", "i4", "i8"]), of_index in mutations(), of_ids in prop::option::of(mutations()),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let [mut index, mut bin] = ["idx", "bin"].map(|end| fixture(&format!("formats/megatron_{name}.{end}")));
        mutate(&mut index, &of_index);
        if let Some(mutations) = of_ids {
            mutate(&mut bin, &mutations);
        }
        fs::write(dir.path().join("x.idx"), index).unwrap();
        let path = dir.path().join("x.bin");
        fs::write(&path, bin).unwrap();
        ids(&path);
    }

    #[test]
    fn mutated_shards_are_read_or_refused(
        name in prop::sample::select(vec!["gpt2", "llama3"]), mutations in mutations(),
    ) {
        let mut bytes = fixture(&format!("formats/llmc_{name}.bin"));
        mutate(&mut bytes, &mutations);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.bin");
        fs::write(&path, bytes).unwrap();
        ids(&path);
    }

    /// Packed text that is almost right: what is read of it may be cut anywhere.
    #[test]
    fn mutated_archives_are_read_or_refused(
        name in prop::sample::select(vec!["gz", "zst"]), mutations in mutations(), length in 1usize..200,
    ) {
        let mut bytes = fixture(&format!("formats/documents.jsonl.{name}"));
        mutate(&mut bytes, &mutations);
        let windows = Windows { count: Some(3), length: Some(length), bos: None };
        read(&format!("x.jsonl.{name}"), &bytes, windows, Some(&TOKENIZER));
    }

    /// JSON out of its own pieces, under any name.
    #[test]
    fn almost_json_is_read_or_refused(
        pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..40),
        name in prop::sample::select(vec!["x.json", "x.jsonl", "x.txt", "x"]),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        fs::write(&path, pieces.concat()).unwrap();
        if let Err(error) = read_documents(&[path], None, &mut |_| ()) {
            prop_assert!(error.to_string().len() < 1500, "{}", error);
        }
    }
}

const PIECES: [&str; 22] = [
    "{",
    "}",
    "[",
    "]",
    "\"text\"",
    "\"a\"",
    ":",
    ",",
    " ",
    "\n",
    "NaN",
    "-Infinity",
    "12",
    "-1e5",
    "null",
    "\"\\ud83d\"",
    "\"\\",
    "\"",
    "\u{feff}",
    "{\"text\": \"b\"}",
    "{\"a\": [1]}",
    "é",
];
