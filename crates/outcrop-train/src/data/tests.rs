use std::collections::HashSet;
use std::path::Path;

use super::*;

fn open(spec: &str, tokenizer: &str, options: &CorpusOptions) -> Result<Corpus, Error> {
    Corpus::open(&spec.parse()?, &tokenizer.parse()?, options)
}

/// A corpus of 400 documents, each of one word of its own.
fn words(folder: &Path) -> String {
    let path = folder.join("words.jsonl");
    let lines: Vec<String> = (0..400)
        .map(|i| format!("{{\"text\": \"{}\"}}", format!("<{i:03}> ").repeat(20)))
        .collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    format!("text:{}", path.display())
}

fn options(context: usize, bos: bool) -> CorpusOptions {
    CorpusOptions {
        context,
        bos,
        ..CorpusOptions::default()
    }
}

/// The whole words of `width` bytes in the rows.
fn words_of(batch: &Batch, width: usize) -> HashSet<String> {
    let text = |row: &[u32]| -> String {
        row.iter()
            .map(|id| u8::try_from(*id).map_or(' ', char::from))
            .collect()
    };
    batch
        .inputs
        .chunks(batch.context)
        .flat_map(|row| {
            let text = text(row);
            let words = text.split_whitespace().filter(|w| w.len() == width);
            words.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn targets_are_the_inputs_one_ahead_and_bos_stands_first_only() {
    let dir = tempfile::tempdir().unwrap();
    for (spec, tokenizer) in [
        ("bigram-backcopy".to_owned(), "bytes"),
        ("permutations:4".to_owned(), "bytes"),
        ("copy:10".to_owned(), "bytes"),
        ("induction:20".to_owned(), "bytes"),
        (words(dir.path()), "bytes"),
        (words(dir.path()), "bpe:300"),
    ] {
        for bos in [true, false] {
            let corpus = open(&spec, tokenizer, &options(32, bos)).unwrap();
            for batch in [corpus.batch(3, 8).unwrap(), corpus.held_out(5).unwrap()] {
                assert_eq!(batch.inputs.len(), batch.batch * 32);
                let rows = batch.inputs.chunks(32).zip(batch.targets.chunks(32));
                for (inputs, targets) in rows {
                    assert_eq!(inputs[1..], targets[..31]);
                    assert_eq!(inputs[0] == corpus.bos(), bos);
                    assert!(targets.iter().all(|id| *id < corpus.bos()));
                }
            }
        }
    }
}

#[test]
fn a_batch_depends_on_seed_and_step_alone() {
    let dir = tempfile::tempdir().unwrap();
    for spec in ["bigram-backcopy", "modular-division", "copy", "induction"]
        .map(str::to_owned)
        .into_iter()
        .chain([words(dir.path())])
    {
        let corpus = open(&spec, "bytes", &options(32, true)).unwrap();
        let in_order: Vec<Batch> = (0..4).map(|step| corpus.batch(step, 4).unwrap()).collect();
        let again = open(&spec, "bytes", &options(32, true)).unwrap();
        assert_eq!(again.sha256(), corpus.sha256());
        for step in [2, 0, 3, 1_u64] {
            let large = again.batch(step, 6).unwrap();
            assert_eq!(large.inputs[..4 * 32], in_order[step as usize].inputs);
        }
        assert_ne!(in_order[0], in_order[1]);
        let seeded = CorpusOptions {
            seed: 1,
            ..options(32, true)
        };
        let other = open(&spec, "bytes", &seeded).unwrap();
        assert_ne!(other.batch(0, 4).unwrap(), in_order[0]);
        assert_eq!(other.held_out(4).unwrap(), corpus.held_out(4).unwrap());
        assert_eq!(other.sha256(), corpus.sha256());
    }
}

#[test]
fn nothing_held_out_is_trained_on() {
    let dir = tempfile::tempdir().unwrap();
    let corpus = open(&words(dir.path()), "bytes", &options(120, false)).unwrap();
    let held_out = words_of(&corpus.held_out(10).unwrap(), 5);
    assert!(held_out.len() >= 8, "{held_out:?}");
    let trained: HashSet<String> = (0..40)
        .flat_map(|step| words_of(&corpus.batch(step, 64).unwrap(), 5))
        .collect();
    assert!(trained.len() > 370, "{}", trained.len());
    assert!(trained.is_disjoint(&held_out));

    let corpus = open("bigram-backcopy", "bytes", &options(32, true)).unwrap();
    let held_out = corpus.held_out(20).unwrap();
    let held_out: HashSet<&[u32]> = held_out.inputs.chunks(32).collect();
    for step in 0..200 {
        assert!(
            corpus
                .batch(step, 32)
                .unwrap()
                .inputs
                .chunks(32)
                .all(|row| !held_out.contains(row))
        );
    }
}

#[test]
fn held_out_windows_do_not_overlap() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("numbers.txt");
    let text: String = (0..40_000).map(|i| format!("{i:05}\n")).collect();
    std::fs::write(&path, text).unwrap();
    let corpus = open(
        &format!("text:{}", path.display()),
        "bytes",
        &options(600, true),
    )
    .unwrap();
    let held_out = corpus.held_out(10).unwrap();
    let numbers: Vec<HashSet<String>> = held_out
        .inputs
        .chunks(600)
        .map(|row| {
            let row = Batch {
                inputs: row.to_vec(),
                targets: vec![],
                batch: 1,
                context: 600,
            };
            words_of(&row, 5)
        })
        .collect();
    let together: HashSet<&String> = numbers.iter().flatten().collect();
    assert_eq!(
        together.len(),
        numbers.iter().map(HashSet::len).sum::<usize>()
    );
    assert!(together.iter().all(|n| n.parse::<u32>().unwrap() >= 38_000));
    assert_eq!(corpus.held_out(1).unwrap().inputs, held_out.inputs[..600]);
}

#[test]
fn a_corpus_too_short_says_how_much_there_is_and_how_much_is_needed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("line.txt");
    let spec = format!("text:{}", path.display());
    for (text, tokenizer) in [("one line", "bytes"), (&*"word ".repeat(1000), "bpe:4096")] {
        std::fs::write(&path, text).unwrap();
        let error = open(&spec, tokenizer, &options(64, true))
            .map(|_| ())
            .unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("line.txt") && message.contains("are needed"),
            "{message}"
        );
        let Error::TooShort { whole, .. } = error else {
            panic!("{message}");
        };
        let enough: String = (0..).map(|i| format!("{i}\n")).take(whole / 2).collect();
        std::fs::write(&path, &enough[..whole]).unwrap();
        open(&spec, "bytes", &options(64, true)).unwrap();
    }
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let wrong = |spec: &CorpusSpec, tokenizer: TokenizerSpec, options: CorpusOptions| {
        Corpus::open(spec, &tokenizer, &options)
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    let own = CorpusSpec::default();
    let error = wrong(&own, TokenizerSpec::Bytes, options(0, true));
    assert!(error.contains("context"), "{error}");
    let error = wrong(&own, TokenizerSpec::Bpe { vocab: 300 }, options(8, true));
    assert!(
        error.contains("bpe:300") && error.contains("own symbols"),
        "{error}"
    );
    let few = CorpusSpec::BigramBackcopy { symbols: 2 };
    let error = wrong(&few, TokenizerSpec::Bytes, options(8, true));
    assert!(error.contains("32 to 1024"), "{error}");
    let error = wrong(&CorpusSpec::Crates, TokenizerSpec::Bytes, options(8, true));
    assert!(error.contains("Cargo.lock"), "{error}");
    let dir = tempfile::tempdir().unwrap();
    let text = words(dir.path()).parse().unwrap();
    let error = wrong(&text, TokenizerSpec::Bpe { vocab: 0 }, options(8, true));
    assert!(error.contains("257 to 65535"), "{error}");
}

#[test]
fn a_corpus_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Corpus>();
}

/// 4000 ids of a vocabulary of 70 000, as they stand in a file of each type.
fn ids_of() -> Vec<u32> {
    (0..4000u32).map(|i| i * 7919 % 70_000).collect()
}

fn of_ids(path: &Path, options: &CorpusOptions) -> Result<Corpus, Error> {
    open(&format!("tokens:{}", path.display()), "bytes", options)
}

#[test]
fn token_ids_are_the_same_corpus_in_every_type_of_file() {
    let dir = tempfile::tempdir().unwrap();
    let options = CorpusOptions {
        vocab: Some(70_000),
        ..options(16, true)
    };
    let path = |name: &str| dir.path().join(name);
    let longs: Vec<u8> = ids_of()
        .into_iter()
        .flat_map(|id| u64::from(id).to_le_bytes())
        .collect();
    std::fs::write(path("a.i64"), &longs).unwrap();
    std::fs::write(path("a.bin"), &longs).unwrap();
    std::fs::write(
        path("a.u32"),
        ids_of()
            .into_iter()
            .flat_map(u32::to_le_bytes)
            .collect::<Vec<_>>(),
    )
    .unwrap();
    let one = of_ids(&path("a.u32"), &options).unwrap();
    assert_eq!((one.vocab(), one.bos()), (70_001, 70_000));
    let given = CorpusOptions {
        tokens_type: Some(outcrop_tokens::IdType::I64),
        ..options.clone()
    };
    for other in [
        of_ids(&path("a.i64"), &options),
        of_ids(&path("a.bin"), &given),
    ] {
        let other = other.unwrap();
        assert_eq!(other.sha256(), one.sha256());
        assert_eq!(other.batch(5, 8).unwrap(), one.batch(5, 8).unwrap());
        assert_eq!(other.held_out(10).unwrap(), one.held_out(10).unwrap());
    }
    let error = of_ids(&path("a.bin"), &options)
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert!(error.contains("tokens_type in [data]"), "{error}");
    // windows are parts of the file, held out is its end
    let ids = ids_of();
    for (batch, part) in [
        (one.batch(0, 32).unwrap(), &ids[..3800]),
        (one.held_out(10).unwrap(), &ids[3800..]),
    ] {
        for row in batch.inputs.chunks(16) {
            assert_eq!(row[0], 70_000);
            assert!(part.windows(15).any(|window| *window == row[1..]));
        }
    }
    assert!(one.tokenizer_files().unwrap().is_empty());
}

#[test]
fn token_ids_that_cannot_be_trained_on_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.u32");
    let mut ids = ids_of();
    std::fs::write(
        &path,
        ids.iter()
            .flat_map(|id| id.to_le_bytes())
            .collect::<Vec<_>>(),
    )
    .unwrap();
    let message =
        |options: &CorpusOptions| of_ids(&path, options).map(|_| ()).unwrap_err().to_string();
    let known = |vocab| CorpusOptions {
        vocab: Some(vocab),
        ..options(16, true)
    };
    ids.truncate(4000);
    let at = ids.iter().position(|id| *id >= 60_000).unwrap();
    let error = message(&known(60_000));
    let part = format!(
        "id {} at position {at} is outside of the vocabulary of 60000",
        ids[at]
    );
    assert!(error.contains(&part) && error.contains("a.u32"), "{error}");
    let error = message(&options(16, true));
    assert!(error.contains("data.vocab"), "{error}");
    let error = message(&CorpusOptions {
        held_out: 13,
        ..known(70_000)
    });
    assert!(
        error.contains("held-out part has 200 tokens and 208 are needed"),
        "{error}"
    );
    assert!(error.contains("tokens are enough"), "{error}");
    let spec = format!("tokens:{}", path.display());
    let error = open(&spec, "bpe:300", &known(70_000))
        .map(|_| ())
        .unwrap_err();
    assert!(error.to_string().contains("own symbols"), "{error}");
}

#[test]
fn a_text_is_the_same_corpus_under_every_name_and_field() {
    let dir = tempfile::tempdir().unwrap();
    let lines = words(dir.path());
    let wanted = open(&lines, "bytes", &options(32, true)).unwrap();
    let text = std::fs::read_to_string(dir.path().join("words.jsonl")).unwrap();
    let array = format!("[{}]", text.replace('\n', ","));
    let other_field = CorpusOptions {
        text_field: Some("content".into()),
        ..options(32, true)
    };
    let broken = format!("{text}\n{{\"text\": null}}\n");
    let renamed = text.replace("\"text\"", "\"content\"");
    for (name, content, options, notes) in [
        ("DOCS.JSONL", text.as_str(), options(32, true), 0),
        ("docs.ndjson", &text, options(32, true), 0),
        ("docs.json", &array, options(32, true), 0),
        ("docs.txt", &broken, options(32, true), 1),
        ("content.jsonl", &renamed, other_field, 0),
    ] {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        let found = open(&format!("text:{}", path.display()), "bytes", &options).unwrap();
        assert_eq!(found.sha256(), wanted.sha256(), "{name}");
        assert_eq!(
            found.batch(3, 4).unwrap(),
            wanted.batch(3, 4).unwrap(),
            "{name}"
        );
        assert_eq!(found.notes().len(), notes, "{name}: {:?}", found.notes());
    }
}

/// Of a + b = c, c alone is an answer; with BOS target t is symbol t, without symbol t + 1.
#[test]
fn answers_are_counted_from_the_targets() {
    let of = |spec, context, bos| open(spec, "bytes", &options(context, bos)).unwrap();
    assert_eq!(of("modular-addition", 10, true).answers(), [4, 9]);
    assert_eq!(of("modular-addition", 4, false).answers(), [3]);
    assert_eq!(of("copy", 6, true).answers(), [3, 4, 5]);
    assert_eq!(of("copy", 6, false).answers(), [2, 3, 4, 5]);
    assert_eq!(of("induction", 8, true).answers(), [5, 7]);
    assert!(of("bigram-backcopy", 8, true).answers().is_empty());
    let optimal = of("modular-addition", 4, false).optimal_loss().unwrap();
    assert!((optimal - 97f64.ln() / 4.0).abs() < 1e-12); // + b = c
}

#[test]
fn a_sample_of_the_training_is_trained_on_and_the_same_for_every_seed() {
    let of = |seed| {
        let options = CorpusOptions {
            seed,
            ..options(5, true)
        };
        let corpus = open("modular-addition:7:40", "bytes", &options).unwrap();
        corpus.training_sample(50).unwrap().unwrap()
    };
    assert_eq!(of(1), of(2));
    let corpus = open("modular-addition:7:40", "bytes", &options(5, true)).unwrap();
    let rows = |batch: Batch| -> HashSet<Vec<u32>> {
        batch.inputs.chunks(5).map(<[u32]>::to_vec).collect()
    };
    let trained = rows(corpus.batch(3, 2000).unwrap());
    assert!(rows(of(1)).is_subset(&trained));
    assert!(rows(corpus.held_out(500).unwrap()).is_disjoint(&trained));
}

#[test]
fn a_context_too_short_for_a_task_is_named() {
    for (spec, context, least) in [("modular-division", 3, 5), ("induction", 7, 8)] {
        let error = open(spec, "bytes", &options(context, true))
            .map(|_| ())
            .unwrap_err()
            .to_string();
        let parts = [
            spec.into(),
            format!("context is {context}"),
            format!("{least} or more"),
        ];
        assert!(
            parts.iter().all(|part: &String| error.contains(part)),
            "{error}"
        );
    }
}

#[test]
fn runs_of_a_process_share_their_corpora_but_not_their_seeds() {
    let folder = tempfile::tempdir().unwrap();
    let corpora = Corpora::default();
    for spec in ["bigram-backcopy", "copy", &words(folder.path())] {
        for (seed, context) in [(1, 32), (2, 32), (1, 32), (1, 16)] {
            let options = CorpusOptions {
                seed,
                ..options(context, true)
            };
            let own = open(spec, "bytes", &options).unwrap();
            let shared = corpora.open(&spec.parse().unwrap(), &"bytes".parse().unwrap(), &options);
            let shared = shared.unwrap();
            let rows = |corpus: &Corpus| {
                let [training, held_out] =
                    [corpus.batch(3, 4), corpus.held_out(2)].map(Result::unwrap);
                (training.inputs, training.targets, held_out.inputs)
            };
            assert_eq!(
                rows(&shared),
                rows(&own),
                "{spec}, seed {seed}, context {context}"
            );
            assert_eq!(
                (shared.sha256(), shared.vocab()),
                (own.sha256(), own.vocab())
            );
        }
    }
}
