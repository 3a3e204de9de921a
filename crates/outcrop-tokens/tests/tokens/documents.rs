//! One reader for documents, whatever file they come in.

use std::fs;
use std::path::{Path, PathBuf};

use outcrop_tokens::{DocumentDraw, Result, TokenSource, read_documents, sequences};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{fixture, message, tokenizer, windows};

fn documents(path: &Path) -> Result<(Vec<String>, Vec<String>)> {
    let mut found = Vec::new();
    let notes = read_documents(&[path.to_owned()], None, &mut |text| {
        found.push(text.to_owned())
    })?;
    Ok((found, notes))
}

/// The documents of the fixture as Python's parser has them.
fn wanted() -> Vec<String> {
    let lines = fs::read_to_string(fixture("documents.jsonl")).unwrap();
    let lines = lines.lines().filter(|line| !line.is_empty());
    let value = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    lines
        .map(|line| value(line)["text"].as_str().unwrap().to_owned())
        .collect()
}

fn file(dir: &tempfile::TempDir, name: &str, content: &[u8]) -> PathBuf {
    let path = dir.path().join(name);
    fs::write(&path, content).unwrap();
    path
}

const BOM: &[u8] = b"\xef\xbb\xbf";

#[test]
fn the_same_documents_come_out_of_every_spelling() {
    let dir = tempfile::tempdir().unwrap();
    let wanted = wanted();
    let lines = fs::read(fixture("documents.jsonl")).unwrap();
    let rows: Vec<Value> = wanted
        .iter()
        .map(|text| json!({"meta": {"text": [1]}, "text": text}))
        .collect();
    let commas = rows.iter().map(|row| format!("{row},\n"));
    let commas = commas.collect::<String>().into_bytes();
    let pretty: Vec<String> = rows.iter().map(|row| format!("{row:#}")).collect();
    let mut files: Vec<(&str, Vec<u8>)> = [
        "a.jsonl",
        "A.JSONL",
        "a.ndjson",
        "a.jsonlines",
        "a.jl",
        "a.json",
        "a.txt",
        "a",
    ]
    .map(|name| (name, lines.clone()))
    .to_vec();
    files.extend([
        ("bom.jsonl", [BOM, &lines].concat()),
        ("bom.txt", [BOM, &lines].concat()),
        ("array.json", serde_json::to_vec(&rows).unwrap()),
        ("pretty.json", serde_json::to_vec_pretty(&rows).unwrap()),
        ("array.txt", serde_json::to_vec(&rows).unwrap()),
        ("array.jsonl", serde_json::to_vec(&rows).unwrap()),
        ("strings.json", serde_json::to_vec(&wanted).unwrap()),
        ("values.json", pretty.join("\n").into_bytes()),
        ("commas.jsonl", commas.clone()),
        ("commas.json", commas.clone()),
        ("commas.txt", commas),
        (
            "x.jsonl.gz",
            fs::read(fixture("formats/documents.jsonl.gz")).unwrap(),
        ),
        (
            "x.jsonl.zst",
            fs::read(fixture("formats/documents.jsonl.zst")).unwrap(),
        ),
        (
            "no-name",
            fs::read(fixture("formats/documents.jsonl.zst")).unwrap(),
        ),
    ]);
    for (name, content) in files {
        let (found, notes) = documents(&file(&dir, name, &content)).unwrap();
        assert_eq!(found, wanted, "{name}");
        assert!(notes.is_empty(), "{name}: {notes:?}");
    }
}

#[test]
fn what_python_writes_into_a_field_that_is_not_used_stops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let lines = r#"{"text": "one", "loss": NaN, "at": [-Infinity, Infinity, {"a": NaN}]}
{"title": "cut \ud83d", "text": "two", "\udc00": 1}
{"text": "three", "title": "\ud83d\ude00 \ud83d\ud83d", "n": -1.5E+9}
"#;
    let (found, notes) = documents(&file(&dir, "x.jsonl", lines.as_bytes())).unwrap();
    assert_eq!(found, ["one", "two", "three"]);
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn broken_lines_are_left_out_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let good = "{\"text\": \"fine\"}\n".repeat(3);
    for (line, reason) in [
        (r#"{"text": "cut"#, "a string in it does not end"),
        (r#"{"text": "cut","#, "it ends too early"),
        (
            r#"{"text": "half \ud83d"}"#,
            "field `text` holds half a surrogate pair",
        ),
        (
            r#"{"text": "half \ude00"}"#,
            "field `text` holds half a surrogate pair",
        ),
        (r#"{"text": null}"#, "field `text` is null"),
        (r#"{"text": 3}"#, "field `text` is a number, not text"),
        (r#"{"text": ["a"]}"#, "field `text` is an array, not text"),
        (r#"{"text": "a", "text": "b"}"#, "is in it twice"),
        (
            r#"{"txt": "a"}"#,
            "no field `text`; it has `txt`: name the one with the text by --text-field",
        ),
        (
            r#"{"text": "a"} {"text": "b"}"#,
            "where the end of the line is expected",
        ),
        (
            r#"{"text": "a" "b": 1}"#,
            "where a comma or an end is expected",
        ),
        (r#"{"text": "a", "b": nan}"#, "where a value is expected"),
        (r#"{'text': 'a'}"#, "where a name in quotes is expected"),
        (
            "[1]",
            "it is an array where an object with a field `text` is expected",
        ),
        ("text", "it is not JSON"),
    ] {
        let path = file(
            &dir,
            "x.jsonl",
            format!("{good}\n{line}\n{good}").as_bytes(),
        );
        let (found, notes) = documents(&path).unwrap();
        assert_eq!(found, ["fine"; 6], "{line}");
        let note = notes.join("");
        let named = note.starts_with("1 line of ") && note.contains("x.jsonl left out: line 5: ");
        assert!(named && note.contains(reason), "{line}: {note}");
    }
    let half = "{\"text\": \"ok\"}\n{\"text\": null}\n".repeat(20);
    let (found, notes) = documents(&file(&dir, "half.jsonl", half.as_bytes())).unwrap();
    assert_eq!(found.len(), 20);
    assert!(
        notes[0].ends_with("line 6: field `text` is null; and 17 more"),
        "{notes:?}"
    );
}

#[test]
fn what_is_not_taken_for_documents_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (name, content, said) in [
        (
            "fields.jsonl",
            "{\"id\": 1, \"content\": \"a\", \"title\": \"b\"}\n",
            "line 1: it has no field `text`; it has `content`, `title`: name",
        ),
        (
            "ids.json",
            "[{\"id\": 1}, {\"id\": 2}]",
            "document 1: it has no field `text`; it has `id`: name",
        ),
        ("empty.json", "{}", "no field `text`, and no other"),
        (
            "list.jsonl",
            "{\"text\": [\"a\"]}\n",
            "line 1: field `text` is an array",
        ),
        (
            "most.jsonl",
            "{\"text\": \"a\"}\n{\"text\": null}\n{\"text\": null}\n",
            "line 2: field `text` is null (2 of 3 lines hold no document)",
        ),
        (
            "none.jsonl",
            "{\"text\": \"cut",
            "line 1: a string in it does not end; was it cut short? (1 of 1 lines",
        ),
        (
            "array.json",
            "[{\"text\": \"a\"}, {\"text\": \"b\"}",
            "document 3: the array does not end",
        ),
        (
            "behind.json",
            "[{\"text\": \"a\"}] []",
            "something after the end",
        ),
        (
            "commas.json",
            "[{\"text\": \"a\"} {\"text\": \"b\"}]",
            "no comma",
        ),
        (
            "prose.json",
            "Once upon a time.",
            "named as JSON and begins as none; name it .txt",
        ),
        (
            "t.csv",
            "text\n\"a\"\n",
            "a table (CSV); write its column of text as JSON lines",
        ),
        ("t.TSV", "text\na\n", "a table (TSV)"),
        ("t.csv.gz", "text\na\n", "a table (CSV)"),
        (
            "x.parquet",
            "PAR1\0\0",
            "a Parquet file; write its column of text",
        ),
        ("x.zip", "PK\x03\x04\0", "a zip archive"),
        (
            "x.jsonseq",
            "\u{1e}{\"text\": \"a\"}\n",
            "a JSON text sequence; take the record separators out",
        ),
        ("x.pdf", "%PDF-1.7 ", "a PDF; extract its text"),
        ("x.txt", "{\\rtf1 a}", "rich text (RTF)"),
        (
            "lfs.txt",
            "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n",
            "is a Git LFS pointer: run git lfs pull",
        ),
    ] {
        let path = file(&dir, name, content.as_bytes());
        let error = message(documents(&path));
        assert!(error.contains(said) && error.contains(name), "{error}");
    }
    let utf16: Vec<u8> = "\u{feff}text"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let error = message(documents(&file(&dir, "u.txt", &utf16)));
    assert!(
        error.contains("text in UTF-16; save it as UTF-8"),
        "{error}"
    );
    for name in ["documents.jsonl.gz", "documents.jsonl.zst"] {
        let whole = fs::read(fixture(&format!("formats/{name}"))).unwrap();
        let error = message(documents(&file(&dir, name, &whole[..whole.len() - 20])));
        assert!(
            error.contains("cannot be unpacked") && error.contains("cut short?"),
            "{error}"
        );
        let mut spoiled = whole;
        let at = spoiled.len() - 3;
        spoiled[at] ^= 1;
        let error = message(documents(&file(&dir, name, &spoiled)));
        assert!(error.contains("cannot be unpacked"), "{error}");
    }
}

/// What is not closed takes all that follows with it, which is more than the one document that it seems.
#[test]
fn a_value_that_does_not_end_is_refused_with_its_number() {
    let dir = tempfile::tempdir().unwrap();
    let pretty = |text: &str| format!("{:#}\n", json!({ "text": text }));
    for unclosed in [
        "[{\"text\": \"a\"}, {\"text\": \"b",
        "[{\"text\": \"a\"}, {\"text\": tru",
    ] {
        let error = message(documents(&file(&dir, "x.txt", unclosed.as_bytes())));
        assert!(error.contains("the array does not end"), "{error}");
    }
    for broken in ["{\n \"text\": {\"x\": 1}\n", "{\n \"text\": \"a\n}\n"] {
        let content = pretty("a") + broken + &pretty("b") + &pretty("c");
        let path = file(&dir, "values.json", content.as_bytes());
        let error = message(documents(&path));
        assert!(
            error.contains("document 2: it does not end; is a brace or a quote"),
            "{error}"
        );
    }
}

#[test]
fn prose_and_code_stay_one_text() {
    let dir = tempfile::tempdir().unwrap();
    for text in [
        "{\n  let x = 1;\n}\n",
        "{not json}\n{neither}\n",
        "[Illustration: a cat]\n\nChapter 1",
        "[\"a\" is a letter]",
        "[{\"role\": \"user\"}] is how a conversation begins.",
        "[{\"role\": \"user\"}]\n\nThis is prose.\n[{]",
        "[{\"role\": of a user}] is no JSON",
        "\"Well,\" he said.",
        "{\"a\": 1}\nis how JSON looks.",
        "GGUF is a format, PAR1 too",
        "a,b\n1,2\n",
    ] {
        let path = file(&dir, "x.txt", text.as_bytes());
        assert_eq!(documents(&path).unwrap().0, [text]);
        let path = file(&dir, "bom.md", &[BOM, text.as_bytes()].concat());
        assert_eq!(documents(&path).unwrap().0, [text]);
    }
}

#[test]
fn another_field_is_read_where_it_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(
        &dir,
        "x.ndjson",
        b"{\"text\": 1, \"content\": \"a\"}\n{\"content\": \"b\"}\n",
    );
    let mut found = Vec::new();
    read_documents(&[path], Some("content"), &mut |text| {
        found.push(text.to_owned())
    })
    .unwrap();
    assert_eq!(found, ["a", "b"]);
}

/// What is drawn depends on the documents and the seed, not on the file that they come in.
#[test]
fn drawing_finds_the_same_documents_in_every_spelling() {
    let dir = tempfile::tempdir().unwrap();
    let rows: Vec<Value> = wanted().iter().map(|text| json!({"text": text})).collect();
    let array = file(&dir, "x.json", &serde_json::to_vec_pretty(&rows).unwrap());
    let paths = [
        fixture("documents.jsonl"),
        fixture("formats/documents.jsonl.gz"),
        fixture("formats/documents.jsonl.zst"),
        array,
    ];
    let bpe = tokenizer("bpe");
    for seed in 0..5 {
        let ids = paths.clone().map(|path| {
            let draw = Some(DocumentDraw { documents: 9, seed });
            let source = TokenSource::of(&[path], draw);
            sequences(&source, windows(3, 40), Some(&bpe), 600)
                .unwrap()
                .ids
        });
        assert!(ids.iter().all(|found| *found == ids[0]), "{seed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Any JSON that a strict parser takes gives the same field.
    #[test]
    fn the_field_is_that_of_a_full_parser(
        text in any::<String>(), before in json_value(), after in json_value(), pretty: bool,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let row = json!({"a": before, "text": text, "z": after});
        let content = match pretty {
            true => serde_json::to_vec_pretty(&[&row, &row]).unwrap(),
            false => format!("{row}\n{row}\n").into_bytes(),
        };
        let (found, notes) = documents(&file(&dir, "x.json", &content)).unwrap();
        prop_assert!(notes.is_empty());
        prop_assert_eq!(found, [&*text, &*text]);
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|map| Value::from(serde_json::Map::from_iter(map))),
        ]
    })
}
