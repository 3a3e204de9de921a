use std::path::{Path, PathBuf};

use super::Error;
use super::documents::Documents;

/// The documents of a file or a folder.
pub(super) fn read_text(path: &Path) -> Result<Documents, Error> {
    let mut documents = Documents::default();
    for file in files_under(path)? {
        let bytes = std::fs::read(&file).map_err(|e| io(&file, e))?;
        let text = utf8(&bytes).map_err(|(offset, reason)| Error::NotText {
            path: file.clone(),
            reason,
            offset,
        })?;
        if file.extension().is_some_and(|e| e == "jsonl") {
            read_jsonl(&file, text, &mut documents)?;
        } else {
            documents.push(text);
        }
    }
    if documents.is_empty() {
        return Err(Error::Empty { path: path.into() });
    }
    Ok(documents)
}

/// `path` itself if it is a file, or else every file in it that is not hidden, in sorted order;
/// links to folders are not followed.
pub(super) fn files_under(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    if std::fs::metadata(path).map_err(|e| io(path, e))?.is_dir() {
        walk(path, &mut files)?;
        files.sort();
    } else {
        files.push(path.to_owned());
    }
    Ok(files)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    for entry in std::fs::read_dir(folder).map_err(|e| io(folder, e))? {
        let entry = entry.map_err(|e| io(folder, e))?;
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if entry.file_type().map_err(|e| io(&path, e))?.is_dir() {
            walk(&path, files)?;
        } else if path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// `bytes` as text, or the offset of the first byte that is none and what is wrong with it.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, (usize, &'static str)> {
    let text = std::str::from_utf8(bytes).map_err(|e| (e.valid_up_to(), "invalid UTF-8"));
    match (bytes.iter().position(|b| *b == 0), &text) {
        (Some(nul), Err((invalid, _))) if nul > *invalid => text,
        (Some(nul), _) => Err((nul, "a NUL byte")),
        (None, _) => text,
    }
}

fn read_jsonl(path: &Path, text: &str, documents: &mut Documents) -> Result<(), Error> {
    for (i, line) in text
        .lines()
        .enumerate()
        .filter(|(_, l)| !l.trim().is_empty())
    {
        let wrong = |reason| Error::Jsonl {
            path: path.into(),
            line: i + 1,
            reason,
        };
        let value: serde_json::Value =
            serde_json::from_str(line).map_err(|e| wrong(format!("no JSON: {e}")))?;
        match value.get("text") {
            Some(serde_json::Value::String(document)) => documents.push(document),
            Some(_) => return Err(wrong("field `text` is not a string".into())),
            None => return Err(wrong("field `text` is missing".into())),
        }
    }
    Ok(())
}

pub(super) fn io(path: &Path, source: std::io::Error) -> Error {
    outcrop_core::Error::io("read", path, source).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(name: &str, content: &[u8]) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        let error = read_text(&path).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
        error
    }

    #[test]
    fn files_of_a_folder_come_sorted_and_lines_of_jsonl_are_documents() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("b")).unwrap();
        for (name, content) in [
            ("c.txt", "third"),
            ("b/x.md", "second"),
            (
                "a.jsonl",
                "{\"text\": \"fir\\nst\"}\n\n{\"id\": 1, \"text\": \"and\"}\r\n",
            ),
            (".hidden", "\0"),
        ] {
            std::fs::write(dir.path().join(name), content).unwrap();
        }
        let joined = "fir\nst\n\nand\n\nsecond\n\nthird";
        let documents = read_text(dir.path()).unwrap();
        assert_eq!(
            documents.sha256(),
            outcrop_core::sha256_hex(joined.as_bytes())
        );
    }

    #[test]
    fn what_is_no_text_is_named_with_its_offset() {
        assert!(failure("nul.txt", b"ab\0c").contains("a NUL byte at byte 2"));
        assert!(failure("latin1.txt", b"caf\xe9 \0").contains("invalid UTF-8 at byte 3"));
        assert!(failure("both.txt", b"a\0\xe9").contains("a NUL byte at byte 1"));
        assert!(failure("empty.txt", b"").contains("holds no text"));
        assert!(failure("blank.jsonl", b"\n\n").contains("holds no text"));
        let error = read_text(Path::new("/nowhere/at/all.txt"))
            .map(|_| ())
            .unwrap_err();
        assert!(error.to_string().contains("/nowhere/at/all.txt"), "{error}");
    }

    #[test]
    fn wrong_lines_of_jsonl_are_named() {
        let good = "{\"text\": \"fine\"}\n";
        let cases = [
            ("{\"text\": \"cut", "no JSON"),
            ("{\"txt\": \"a\"}", "`text` is missing"),
            ("{\"text\": 3}", "not a string"),
            ("[1]", "`text` is missing"),
        ];
        for (line, reason) in cases {
            let error = failure("lines.jsonl", format!("{good}{line}\n").as_bytes());
            assert!(
                error.contains("line 2") && error.contains(reason),
                "{error}"
            );
        }
    }
}
