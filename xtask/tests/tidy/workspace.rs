//! The files of the workspace.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders and files that are nothing of the repository's own.
const SKIPPED: [&str; 6] = [".git", ".venv", "target", "runs", "venv", "__pycache__"];

/// A text file: its path from the repository's root, with forward slashes, and its text.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// The crate it belongs to: the folder under `crates`, or `xtask`.
    pub(crate) fn crate_name(&self) -> Option<&str> {
        let mut parts = self.path.split('/');
        match parts.next()? {
            "crates" => parts.next(),
            "xtask" => Some("xtask"),
            _ => None,
        }
    }

    /// Whether it is source of the crate itself, not of a test, example or bench.
    pub(crate) fn is_source(&self) -> bool {
        let inside = self.path.split('/').skip_while(|&part| part != "src");
        let bench = self.path.contains("/benches/");
        self.path.ends_with(".rs")
            && !bench
            && inside.clone().next().is_some()
            && !inside
                .into_iter()
                .any(|part| matches!(part, "tests" | "tests.rs"))
    }
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every text file of the repository; what is not UTF-8 is no text.
pub(crate) fn files() -> Vec<File> {
    let mut paths = Vec::new();
    walk(&root(), &mut paths);
    paths.sort();
    let file = |path: PathBuf| {
        let text = fs::read_to_string(&path).ok()?;
        let path = path.strip_prefix(root()).ok()?.to_str()?.replace('\\', "/");
        Some(File { path, text })
    };
    paths.into_iter().filter_map(file).collect()
}

/// Every Rust file.
pub(crate) fn rust_files() -> Vec<File> {
    let mut files = files();
    files.retain(|file| file.path.ends_with(".rs"));
    files
}

/// Each crate under `crates` with its manifest.
pub(crate) fn crates() -> Vec<(String, String)> {
    let folders = fs::read_dir(root().join("crates")).expect("crates/ is there");
    let mut crates: Vec<_> = folders
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).ok()?;
            Some((folder.file_name()?.to_str()?.to_owned(), manifest))
        })
        .collect();
    crates.sort();
    crates
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("a folder of the repository is readable");
    for entry in entries.filter_map(Result::ok) {
        let kind = entry.file_type().expect("an entry has a type");
        let skipped = SKIPPED.iter().any(|&name| entry.file_name() == name);
        match kind {
            _ if skipped => {} // in a worktree, `.git` is a file
            kind if kind.is_dir() => walk(&entry.path(), paths),
            kind if kind.is_file() => paths.push(entry.path()),
            _ => {}
        }
    }
}

#[test]
fn a_file_knows_its_crate_and_whether_it_is_source() {
    let file = |path: &str| File {
        path: path.into(),
        text: String::new(),
    };
    assert_eq!(
        file("crates/outcrop-fit/src/lib.rs").crate_name(),
        Some("outcrop-fit")
    );
    assert_eq!(file("README.md").crate_name(), None);
    assert!(file("crates/outcrop-fit/src/a/b.rs").is_source());
    for test in [
        "crates/outcrop-fit/tests/a.rs",
        "crates/outcrop-fit/src/a/tests.rs",
        "crates/outcrop-fit/benches/peers/src/a.rs",
    ] {
        assert!(!file(test).is_source(), "{test}");
    }
}
