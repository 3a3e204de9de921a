use std::fs;
use std::path::PathBuf;

use outcrop_tokens::{DocumentDraw, Error, Result, TokenSource, Windows, sequences};

use crate::{TOKENIZERS, expected, fixture, message, numbers, source, tokenizer, windows};

/// The first ids of a source in one window.
fn first(source: &TokenSource, name: &str, n: usize) -> Result<Vec<u32>> {
    let found = sequences(source, windows(1, n), Some(&tokenizer(name)), 1000)?;
    Ok(found.ids.concat())
}

/// All ids of a source: what an error says that there are is asked for.
fn all(source: &TokenSource, name: &str) -> Vec<u32> {
    match first(source, name, 1 << 20) {
        Err(Error::TooShort { tokens, .. }) => first(source, name, tokens as usize).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// The same lines as another system ends them.
fn other_line_ends(dir: &tempfile::TempDir) -> TokenSource {
    let path = dir.path().join("x.jsonl");
    let lines = fs::read_to_string(fixture("documents.jsonl")).unwrap();
    fs::write(&path, lines.replace('\n', "\r\n")).unwrap();
    TokenSource::of(&[path], None)
}

#[test]
fn documents_are_joined_and_tokenised_once_as_in_python() {
    let expected = expected();
    let dir = tempfile::tempdir().unwrap();
    for name in TOKENIZERS {
        let wanted = &expected["tokenizers"][name];
        assert_eq!(
            all(&source("documents"), name),
            numbers(&wanted["folder"]),
            "{name}"
        );
        assert_eq!(
            all(&source("documents.jsonl"), name),
            numbers(&wanted["jsonl"]),
            "{name}"
        );
        let other = all(&other_line_ends(&dir), name);
        assert_eq!(other, numbers(&wanted["jsonl"]), "{name}");
        assert_eq!(
            first(&TokenSource::Sample, name, 4096).unwrap(),
            numbers(&wanted["sample"])
        );
        let found = sequences(
            &source("documents.jsonl"),
            windows(6, 50),
            Some(&tokenizer(name)),
            1000,
        );
        assert_eq!(found.unwrap().sha256, wanted["sha256 of 6 x 50"], "{name}");
    }
    let files = ["a.txt", "b/one.md", "c.txt"].map(|f| fixture("documents").join(f));
    let one_by_one = all(&TokenSource::of(&files, None), "bpe");
    assert_eq!(
        one_by_one,
        numbers(&expected["tokenizers"]["bpe"]["folder"])
    );
}

#[test]
fn where_reading_stops_changes_no_token() {
    let expected = expected();
    let dir = tempfile::tempdir().unwrap();
    // a window is much shorter than the file, which goes on beyond anything that is read
    let path = dir.path().join("large.txt");
    let sample = outcrop_tokens::SAMPLE;
    fs::write(&path, sample.to_owned() + &"\u{e9}\n".repeat(1 << 20)).unwrap();
    for name in TOKENIZERS {
        let wanted = numbers(&expected["tokenizers"][name]["sample"]);
        for n in [1, 2, 63, 64, 500, 1024, 4096] {
            let found =
                first(&TokenSource::of(std::slice::from_ref(&path), None), name, n).unwrap();
            assert_eq!(found, wanted[..n], "{name} {n}");
        }
    }
    // what follows is no text, and is not looked at
    fs::write(&path, [sample.as_bytes(), &[0; 1 << 20]].concat()).unwrap();
    first(&TokenSource::of(&[path], None), "bpe", 4096).unwrap();
}

#[test]
fn drawn_documents_are_distinct_and_fixed_by_the_seed() {
    let paths: Vec<PathBuf> = vec![fixture("documents.jsonl")];
    let draw = |documents, seed| TokenSource::Text {
        paths: paths.clone(),
        field: None,
        draw: Some(DocumentDraw { documents, seed }),
    };
    let expected = expected();
    let documents: Vec<Vec<u32>> = expected["tokenizers"]["wordpiece"]["documents"]
        .as_array()
        .unwrap()
        .iter()
        .map(numbers)
        .collect();
    // by word pieces, the blank line between documents leaves no token
    let mut seen = vec![0; documents.len()];
    for seed in 0..200 {
        let ids = all(&draw(3, seed), "wordpiece");
        assert_eq!(all(&draw(3, seed), "wordpiece"), ids);
        let mut rest = &ids[..];
        let mut drawn = Vec::new();
        while !rest.is_empty() {
            let at = (0..documents.len())
                .find(|i| rest.starts_with(&documents[*i]))
                .unwrap();
            rest = &rest[documents[at].len()..];
            drawn.push(at);
        }
        drawn.iter().for_each(|at| seen[*at] += 1);
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 3);
    }
    // 600 draws of 24 documents: 25 each, give or take five standard deviations
    assert!(seen.iter().all(|n| (3..=47).contains(n)), "{seen:?}");
    let every = all(&draw(documents.len(), 1), "wordpiece");
    let mut wanted = documents.concat();
    let mut found = every.clone();
    wanted.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, wanted);
    let error = message(first(&draw(25, 0), "bpe", 5));
    assert!(
        error.contains("documents = 25: allowed is 1 to 24"),
        "{error}"
    );
    let whole = TokenSource::Text {
        paths: vec![fixture("documents")],
        field: None,
        draw: Some(DocumentDraw {
            documents: 3,
            seed: 0,
        }),
    };
    assert!(all(&whole, "bpe").len() > 20);
}

fn failure(name: &str, content: &[u8]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, content).unwrap();
    let error = message(first(&TokenSource::of(&[path], None), "bpe", 4));
    assert!(error.contains(name), "{error}");
    error
}

#[test]
fn what_is_no_text_is_named_with_its_place() {
    assert!(failure("nul.txt", b"ab\0c").contains("a NUL byte at byte 2"));
    assert!(failure("latin1.txt", b"caf\xe9 x").contains("invalid UTF-8 at byte 3"));
    assert!(failure("cut.txt", b"caf\xc3").contains("invalid UTF-8 at byte 3"));
    assert!(failure("empty.txt", b"").contains("it has 0 tokens; give more text"));
    let dir = tempfile::tempdir().unwrap();
    let folder = TokenSource::of(&[dir.path().to_owned()], None);
    assert!(message(first(&folder, "bpe", 1)).contains("it has no visible file"));
    let absent = TokenSource::of(&[dir.path().join("absent")], None);
    assert!(message(first(&absent, "bpe", 1)).contains("absent"));
}

#[test]
fn text_without_a_tokenizer_says_what_is_missing() {
    let without = |source: &TokenSource| message(sequences(source, Windows::default(), None, 10));
    let error = without(&source("documents"));
    assert!(
        error.contains("documents: there is no tokenizer; name a tokenizer.json"),
        "{error}"
    );
    for name in ["absent.txt", "absent.bin", "absent"] {
        let error = without(&source(name));
        assert!(
            error.starts_with("read ") && error.contains(name),
            "{error}"
        );
    }
}

/// Measurements on the sample compare only as long as it stays: `sha256sum data/sample.txt`.
#[test]
fn the_sample_stays_as_it_is() {
    let sha256 = outcrop_core::sha256_hex(outcrop_tokens::SAMPLE.as_bytes());
    assert_eq!(
        sha256,
        "75bb2260491aaf63b0301dec5d8b35500a095e6c45eedf329abf2d8d068cc56b"
    );
}
