//! The same tokens from text and from a file of ids.

use outcrop_tokens::{TokenSource, Tokenizer, WindowProtocol, Windows, sequences};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    let tokenizer = Tokenizer::open(format!("{fixtures}/bpe/tokenizer.json").as_ref())?;

    let windows = WindowProtocol::Sinks.windows(None);
    let sample = sequences(
        &TokenSource::Sample,
        windows,
        Some(&tokenizer),
        tokenizer.vocab(),
    )?;
    assert_eq!((sample.ids.len(), sample.ids[0].len()), (100, 64));
    sample.check(tokenizer.vocab(), None)?;

    // Another program may take them from here.
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("tokens.u32");
    let bytes = sample.ids.iter().flatten().flat_map(|id| id.to_le_bytes());
    std::fs::write(&file, bytes.collect::<Vec<_>>())?;
    let again = sequences(
        &TokenSource::of(&[file], None),
        windows,
        None,
        tokenizer.vocab(),
    )?;
    assert_eq!(again.sha256, sample.sha256);

    let short = Windows {
        count: Some(1_000_000),
        ..windows
    };
    let error = sequences(
        &TokenSource::Sample,
        short,
        Some(&tokenizer),
        tokenizer.vocab(),
    );
    assert!(error.is_err_and(|e| e.to_string().contains("would do")));
    Ok(())
}
