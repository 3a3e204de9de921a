use std::sync::LazyLock;

use mutation::{mutate, mutations};
use outcrop_tokens::{Tokenizer, Windows};
use proptest::prelude::*;

use crate::{fixture, read};

static TOKENIZER: LazyLock<Tokenizer> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/bpe");
    Tokenizer::open(path.as_ref()).unwrap()
});

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_documents_are_read_or_refused(
        mutations in mutations(), jsonl: bool, count in 1usize..20, length in 1usize..200,
    ) {
        let name = if jsonl { "documents.jsonl" } else { "documents/a.txt" };
        let mut bytes = fixture(name);
        mutate(&mut bytes, &mutations);
        let windows = Windows { count: Some(count), length: Some(length), bos: None };
        let name = if jsonl { "x.jsonl" } else { "x.txt" };
        read(name, &bytes, windows, Some(&TOKENIZER));
    }
}
