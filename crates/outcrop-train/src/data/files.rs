use std::path::Path;

use super::Error;
use super::documents::Documents;

/// The documents of a file or a folder, and the parts that were left out, in words.
pub(super) fn read_text(
    path: &Path,
    field: Option<&str>,
) -> Result<(Documents, Vec<String>), Error> {
    let mut documents = Documents::default();
    let paths = [path.to_owned()];
    let notes = outcrop_tokens::read_documents(&paths, field, &mut |text| documents.push(text))?;
    if documents.is_empty() {
        return Err(Error::Empty { path: path.into() });
    }
    Ok((documents, notes))
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
        let error = read_text(&path, None).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
        error
    }

    #[test]
    fn files_of_a_folder_come_sorted_and_lines_of_json_are_documents() {
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
        let (documents, notes) = read_text(dir.path(), None).unwrap();
        assert_eq!(
            documents.sha256(),
            outcrop_core::sha256_hex(joined.as_bytes())
        );
        assert!(notes.is_empty(), "{notes:?}");
    }

    #[test]
    fn what_is_no_text_is_named() {
        assert!(failure("nul.txt", b"ab\0c").contains("a NUL byte at byte 2"));
        assert!(failure("empty.txt", b"").contains("holds no text"));
        assert!(failure("blank.jsonl", b"\n\n").contains("holds no text"));
        let error = failure("lines.jsonl", b"{\"txt\": \"a\"}\n");
        assert!(
            error.contains("line 1: it has no field `text`; it has `txt`"),
            "{error}"
        );
        let error = read_text(Path::new("/nowhere/at/all.txt"), None)
            .map(|_| ())
            .unwrap_err();
        assert!(error.to_string().contains("/nowhere/at/all.txt"), "{error}");
    }
}
