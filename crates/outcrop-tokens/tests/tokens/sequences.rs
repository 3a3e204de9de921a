use outcrop_tokens::{TokenSource, Windows, sequences, sha256_of};

use crate::{expected, message, numbers, source, tokenizer, windows};

#[test]
fn the_hash_is_that_of_python() {
    for pair in expected()["sha256"].as_array().unwrap() {
        let ids: Vec<Vec<u32>> = pair[0].as_array().unwrap().iter().map(numbers).collect();
        assert_eq!(sha256_of(&ids), pair[1], "{ids:?}");
    }
}

#[test]
fn the_first_token_that_a_model_has_not_is_named() {
    let rows = sequences(&source("arrays/rows_u2.npy"), Windows::default(), None, 10).unwrap();
    let largest = *rows.ids.iter().flatten().max().unwrap() as usize;
    rows.check(largest + 1, None).unwrap();
    rows.check(largest + 1, Some(12)).unwrap();
    let error = message(rows.check(largest, None));
    let sequence = rows
        .ids
        .iter()
        .position(|s| s.contains(&(largest as u32)))
        .unwrap();
    let position = rows.ids[sequence]
        .iter()
        .position(|id| *id == largest as u32)
        .unwrap();
    let place = format!("token {largest} at position {position} of sequence {sequence}");
    assert!(error.contains(&place) && error.contains(&format!("ids end at {}", largest - 1)));
    let error = message(rows.check(largest, Some(11)));
    assert!(error.contains("sequence 0: it has 12 tokens") && error.contains("--length 11"));
}

#[test]
fn the_source_is_told_in_words() {
    let bpe = tokenizer("bpe");
    let said = |source: &TokenSource, tokenizer| {
        sequences(source, windows(2, 5), tokenizer, 300)
            .unwrap()
            .source
    };
    let text = said(&source("documents"), Some(&bpe));
    assert!(
        text.starts_with("2 x 5 tokens of ") && text.ends_with("bpe/tokenizer.json"),
        "{text}"
    );
    assert!(said(&source("arrays/stream.bin"), None).starts_with("2 x 5 ids in "));
    assert!(said(&TokenSource::Sample, Some(&bpe)).starts_with("2 x 5 the built-in text by "));
    let drawn = said(&TokenSource::Sample, None);
    assert_eq!(
        drawn,
        "2 x 5 ids drawn evenly from 300 tokens: no tokenizer, no text"
    );
}

#[test]
fn ids_drawn_without_a_tokenizer_are_even_and_always_the_same() {
    let drawn = |vocab| sequences(&TokenSource::Sample, windows(10, 1000), None, vocab).unwrap();
    assert_eq!(drawn(8).sha256, drawn(8).sha256);
    let mut counts = [0; 8];
    drawn(8)
        .ids
        .iter()
        .flatten()
        .for_each(|id| counts[*id as usize] += 1);
    // 1250 each, give or take five standard deviations
    assert!(
        counts.iter().all(|n| (1085..=1415).contains(n)),
        "{counts:?}"
    );
    drawn(50_257).check(50_257, Some(1000)).unwrap();
    assert!(message(sequences(&TokenSource::Sample, windows(1, 1), None, 0)).contains("vocab = 0"));
}

#[test]
fn tokens_have_texts_where_there_is_a_tokenizer() {
    let bpe = tokenizer("bpe");
    let found = sequences(&source("documents"), windows(1, 20), Some(&bpe), 1000).unwrap();
    let texts: Option<String> = found.ids[0]
        .iter()
        .map(|id| found.token_text(*id))
        .collect();
    assert!(
        texts
            .unwrap()
            .starts_with("A first document.\nIts second line")
    );
    assert_eq!(found.token_text(1_000_000), None);
    let without = sequences(&TokenSource::Sample, windows(1, 20), None, 1000).unwrap();
    assert_eq!(without.token_text(1), None);
}
