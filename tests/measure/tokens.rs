//! On which tokens a checkpoint is measured: files as other tools write them, end to end.

use std::fs;
use std::path::{Path, PathBuf};

use outcrop::core::sha256_hex;

use crate::common::text;
use crate::small::{Noise, VOCAB, arch, fresh, run, succeeded, write};

fn checkpoint(dir: &Path) -> PathBuf {
    write(dir, 0, &arch(), &fresh(&arch(), &mut Noise(7)))
}

/// Measures a checkpoint on two windows of 16 tokens; the folder, whether it went well, and what was said.
fn measure(model: &Path, out: &Path, more: &[&str]) -> (bool, String) {
    let paths = [
        "measure",
        model.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ];
    let output = run(&[&paths[..], &["--windows", "2", "--length", "16"], more].concat());
    (output.status.success(), text(&output.stderr))
}

/// What the provenance in a folder says of the tokens.
fn corpus(folder: &Path) -> String {
    let provenance = fs::read_to_string(folder.join("provenance.json")).unwrap();
    let provenance: serde_json::Value = serde_json::from_str(&provenance).unwrap();
    provenance["corpus_sha256"].as_str().unwrap().to_owned()
}

fn sha256_of(ids: &[u32]) -> String {
    let windows = ids.chunks_exact(16).take(2);
    let words = windows.flat_map(|window| [&[16], window].concat());
    sha256_hex(&words.flat_map(u32::to_le_bytes).collect::<Vec<_>>())
}

#[test]
fn ids_of_other_types_are_refused_until_their_type_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let model = checkpoint(dir.path());
    let ids: Vec<u32> = (0..64).map(|i| i * 31 % VOCAB as u32).collect();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let ints: Vec<u8> = ids
        .iter()
        .flat_map(|id| (*id as i32).to_le_bytes())
        .collect();
    fs::write(path("train.bin"), &ints).unwrap();
    fs::write(path("train.i32"), &ints).unwrap();
    let out = dir.path().join("a");
    let (good, said) = measure(&model, &out, &["--tokens", &path("train.bin")]);
    assert!(!good && !out.exists());
    for part in [
        "train.bin",
        "every second",
        "ids of 32 bits",
        "--tokens-type u16, u32, i32",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let given = ["--tokens", &path("train.bin"), "--tokens-type", "i32"];
    let (good, said) = measure(&model, &out, &given);
    assert!(good, "{said}");
    let named = dir.path().join("b");
    assert!(measure(&model, &named, &["--tokens", &path("train.i32")]).0);
    assert_eq!(
        [corpus(&out), corpus(&named)],
        [sha256_of(&ids), sha256_of(&ids)]
    );
    let wrong = ["--tokens", &path("train.bin"), "--tokens-type", "int32"];
    let (good, said) = measure(&model, &out, &wrong);
    assert!(!good && said.contains("u16, u32, i32, i64"), "{said}");
}

#[test]
fn a_tokenizer_that_is_not_needed_stops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let model = checkpoint(dir.path());
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 2113710\n";
    fs::write(model.join("tokenizer.json"), pointer).unwrap();
    let ids = dir.path().join("ids.u16").display().to_string();
    fs::write(
        &ids,
        (0..40u16).flat_map(u16::to_le_bytes).collect::<Vec<_>>(),
    )
    .unwrap();
    let (good, said) = measure(&model, &dir.path().join("a"), &["--tokens", &ids]);
    assert!(good, "{said}");
    assert!(
        said.contains("note: tokens are shown by their ids") && said.contains("git lfs pull"),
        "{said}"
    );
    let docs = dir.path().join("docs.txt").display().to_string();
    fs::write(&docs, "some text").unwrap();
    for more in [
        &["--text", &docs][..],
        &[],
        &["--tokens", &ids, "--bos", "<s>"],
    ] {
        let (good, said) = measure(&model, &dir.path().join("b"), more);
        assert!(
            !good && said.contains("is a Git LFS pointer: run git lfs pull"),
            "{said}"
        );
    }
}

const SPEC: &str = "
    model = 'own'
    [arch]
    layers = 1
    d_model = 16
    heads = 2
    context = 32
    [train]
    steps = 1
    batch = 2
    warmup = 0
    [measure]
    sequences = 2
    [schedule]
    measure = '0'
    save = 'last'
    [data]";

fn train(dir: &Path, name: &str, data: &str) -> PathBuf {
    let (spec, out) = (dir.join(format!("{name}.toml")), dir.join(name));
    fs::write(&spec, format!("{SPEC}\n{data}")).unwrap();
    let args = [
        "train",
        spec.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ];
    let output = run(&args);
    succeeded(&output);
    out
}

/// A run's checkpoint brings its tokenizer, by which the text it was trained on is the same tokens again; and
/// `train` and `measure` read the same documents out of a file, whatever its name is.
#[test]
fn text_is_the_same_to_train_and_to_measure() {
    let dir = tempfile::tempdir().unwrap();
    let docs: Vec<String> = (0..300)
        .map(|i| {
            format!(
                "Document {i}: the quick <|bos|> fox jumps {} times.\nIt rests.",
                i * i
            )
        })
        .collect();
    let row =
        |text: &String| serde_json::json!({"text": text, "url": "https://example.org"}).to_string();
    let rows: Vec<String> = docs.iter().map(row).collect();
    let joined = docs.join("\n\n");
    for tokenizer in ["bytes", "bpe:300"] {
        let mut seen = Vec::new();
        for (i, (name, content)) in [
            ("docs.jsonl", rows.join("\n")),
            ("DOCS.JSONL", rows.join("\n")),
            ("docs.json", rows.join("\n")),
            ("array.json", format!("[{}]", rows.join(","))),
            ("bom.txt", format!("\u{feff}{joined}")),
        ]
        .into_iter()
        .enumerate()
        {
            let file = dir.path().join(name).display().to_string();
            fs::write(&file, content).unwrap();
            let tag = format!("{i}-{}", tokenizer.replace(':', "-"));
            let data = format!("corpus = 'text:{file}'\ntokenizer = '{tokenizer}'");
            let run = train(dir.path(), &format!("run-{tag}"), &data);
            let checkpoint = run.join("checkpoints/step-000001");
            let out = dir.path().join(format!("out-{tag}"));
            let (good, said) = measure(&checkpoint, &out, &["--text", &file]);
            assert!(good, "{said}");
            let parted = name != "bom.txt";
            if parted {
                assert_eq!(corpus(&run), sha256_hex(joined.as_bytes()), "{name}");
            }
            // of one document other parts are held out, and another tokenizer comes of the rest
            if parted || tokenizer == "bytes" {
                seen.push(corpus(&out));
            }
        }
        assert!(
            seen.iter().all(|sha256| *sha256 == seen[0]),
            "{tokenizer}: {seen:?}"
        );
        if tokenizer == "bytes" {
            let ids: Vec<u32> = joined.bytes().map(u32::from).collect();
            assert_eq!(seen[0], sha256_of(&ids));
        }
    }
}

#[test]
fn lines_that_are_left_out_are_named_by_both() {
    let dir = tempfile::tempdir().unwrap();
    let row = |i: usize| match i {
        7 => "{\"text\": null}\n".to_owned(),
        _ => format!("{{\"text\": \"Document {i} is of no account, {i} times.\"}}\n"),
    };
    let file = dir.path().join("docs.jsonl").display().to_string();
    fs::write(&file, (0..90).map(row).collect::<String>()).unwrap();
    let spec = dir.path().join("s.toml");
    fs::write(&spec, format!("{SPEC}\ncorpus = 'text:{file}'")).unwrap();
    let trained = dir.path().join("run");
    let output = run(&[
        "train",
        spec.to_str().unwrap(),
        "--out",
        trained.to_str().unwrap(),
    ]);
    succeeded(&output);
    let warning = "docs.jsonl left out: line 8: field `text` is null";
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(said.contains(warning), "{said}");
    let model = trained.join("checkpoints/step-000001");
    let out = dir.path().join("b").display().to_string();
    let output = run(&[
        "measure",
        model.to_str().unwrap(),
        "--text",
        &file,
        "--windows",
        "30",
        "--length",
        "16",
        "--out",
        &out,
    ]);
    succeeded(&output);
    let said = text(&output.stderr);
    assert!(said.contains(warning), "{said}");
    let (good, said) = measure(
        &model,
        &dir.path().join("c"),
        &["--text", &file, "--text-field", "content"],
    );
    assert!(
        !good && said.contains("no field `content`; it has `text`"),
        "{said}"
    );
}

/// A run on token ids is measured again on the sequences that it held out, whatever type the ids are of.
#[test]
fn a_run_on_token_ids_is_measured_on_what_it_held_out() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("train.bin").display().to_string();
    let ids: Vec<u8> = (0..3000i32)
        .flat_map(|i| (i * 7919 % 300).to_le_bytes())
        .collect();
    fs::write(&file, ids).unwrap();
    let data = format!("corpus = 'tokens:{file}'\nvocab = 300");
    let spec = dir.path().join("s.toml");
    fs::write(&spec, format!("{SPEC}\n{data}")).unwrap();
    let refused = dir.path().join("refused").display().to_string();
    let output = run(&["train", spec.to_str().unwrap(), "--out", &refused]);
    let said = text(&output.stderr);
    assert!(
        !output.status.success() && said.contains("tokens_type in [data]"),
        "{said}"
    );
    let trained = train(dir.path(), "run", &format!("{data}\ntokens_type = 'i32'"));
    let out = dir.path().join("out");
    let paths = [trained.to_str().unwrap(), "--out", out.to_str().unwrap()];
    succeeded(&run(&[&["measure"], &paths[..]].concat()));
    let rows = crate::small::rows(&out);
    assert_eq!(rows.len(), 2);
    assert!(
        rows.iter()
            .all(|row| row.step == 1 && row.stats.non_finite == 0)
    );
}
