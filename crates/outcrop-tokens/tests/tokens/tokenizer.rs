use outcrop_tokens::Tokenizer;

use crate::{TOKENIZERS, expected, fixture, message, tokenizer};

#[test]
fn a_checkpoint_has_one_or_none() {
    let expected = expected();
    for name in TOKENIZERS {
        let found = Tokenizer::of_checkpoint(&fixture(name)).unwrap().unwrap();
        assert_eq!(found.vocab() as u64, expected["tokenizers"][name]["vocab"]);
        assert_eq!(found.path(), fixture(name).join("tokenizer.json"));
    }
    assert!(
        Tokenizer::of_checkpoint(&fixture("arrays"))
            .unwrap()
            .is_none()
    );
    let error = message(Tokenizer::open(&fixture("arrays")));
    assert!(error.contains("tokenizer.json"), "{error}");
}

#[test]
fn tokens_have_names_and_texts() {
    let bpe = tokenizer("bpe");
    let id = bpe.id("<|endoftext|>").unwrap();
    assert_eq!(bpe.token_text(id).as_deref(), Some("<|endoftext|>"));
    assert_eq!(
        bpe.token_text(bpe.id("Ġthe").unwrap()).as_deref(),
        Some(" the")
    );
    assert_eq!(bpe.token_text(bpe.id("Ċ").unwrap()).as_deref(), Some("\n"));
    // half a character has its name
    assert_eq!(bpe.token_text(bpe.id("Ã").unwrap()).as_deref(), Some("Ã"));
    assert_eq!(
        (bpe.id("no such token"), bpe.token_text(u32::MAX)),
        (None, None)
    );
    let llama = tokenizer("llama");
    assert_eq!(
        llama.token_text(llama.id("<0xE2>").unwrap()).as_deref(),
        Some("<0xE2>")
    );
}

#[test]
fn what_cannot_be_used_is_refused_with_the_reason() {
    let error = message(Tokenizer::open(&fixture("dropout.json")));
    assert!(
        error.contains("dropout.json as a tokenizer: dropout = 0.1 draws"),
        "{error}"
    );
    let error = message(Tokenizer::open(&fixture("expected.json")));
    assert!(error.contains("as a tokenizer"), "{error}");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.json");
    std::fs::File::create(&path)
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let error = message(Tokenizer::open(&path));
    assert!(error.contains("larger than 256 MiB"), "{error}");
}

#[test]
fn what_is_no_json_is_refused_before_the_library_reads_it() {
    let text = std::fs::read_to_string(fixture("bpe/tokenizer.json")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tokenizer.json");
    for end in (0..text.len()).step_by(501) {
        std::fs::write(&path, &text.as_bytes()[..end]).unwrap();
        let error = message(Tokenizer::open(&path));
        assert!(error.contains("as a tokenizer: no JSON: "), "{error}");
    }
    let latin1 = text
        .as_bytes()
        .iter()
        .map(|b| if *b == b'B' { 0xe9 } else { *b });
    std::fs::write(&path, latin1.collect::<Vec<u8>>()).unwrap();
    let error = message(Tokenizer::open(&path));
    assert!(error.contains("no JSON: invalid utf-8"), "{error}");
}

#[test]
fn a_pointer_of_git_lfs_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 2113710\n";
    std::fs::write(dir.path().join("tokenizer.json"), pointer).unwrap();
    let error = message(Tokenizer::open(dir.path()));
    assert!(
        error.contains("tokenizer.json: it is a Git LFS pointer: run git lfs pull"),
        "{error}"
    );
}

#[test]
fn special_tokens_are_split_where_the_configuration_says_so() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(
        fixture("bpe/tokenizer.json"),
        dir.path().join("tokenizer.json"),
    )
    .unwrap();
    let ids = || {
        Tokenizer::open(dir.path())
            .unwrap()
            .encode("<|endoftext|>")
            .unwrap()
    };
    assert_eq!(ids().len(), 1);
    let config = dir.path().join("tokenizer_config.json");
    std::fs::write(&config, "{\"split_special_tokens\": true}").unwrap();
    assert!(ids().len() > 3);
    std::fs::write(&config, "version https://git-lfs").unwrap();
    assert_eq!(ids().len(), 1);
}
