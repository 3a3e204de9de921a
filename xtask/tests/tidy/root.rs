//! The files at the root, and that Cargo knows every test there.

use std::fs;

use crate::expect_none;
use crate::workspace::{self, File};

/// The folders of the repository.
const FOLDERS: [&str; 9] = [
    ".cargo", ".ci", ".github", "crates", "data", "docs", "findings", "tests", "xtask",
];

/// The folders of a listing of tracked files.
fn folders(files: &[File]) -> Vec<&str> {
    let tops = files.iter().filter_map(|file| file.path.split_once('/'));
    let mut names: Vec<_> = tops.map(|(top, _)| top).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The tests under `tests`: a file, or a folder with `main.rs`. Other folders hold fixtures and what tests share.
fn tests(files: &[File]) -> Vec<String> {
    let test = |file: &File| {
        let inside = file.path.strip_prefix("tests/")?;
        let test = match inside.split_once('/') {
            None => inside.ends_with(".rs"),
            Some((_, rest)) => rest == "main.rs",
        };
        test.then(|| format!("path = \"../../tests/{inside}\""))
    };
    files.iter().filter_map(test).collect()
}

/// The tests that no row of `manifest` names: Cargo finds by itself only what lies in the crate's folder.
fn unlisted(manifest: &str, files: &[File]) -> Vec<String> {
    let listed = |row: &String| manifest.lines().any(|line| line == row);
    let tests = tests(files).into_iter().filter(|row| !listed(row));
    tests
        .map(|row| format!("crates/outcrop/Cargo.toml has no [[test]] with {row}"))
        .collect()
}

#[test]
fn the_root_holds_what_the_architecture_page_says() {
    let files = workspace::files();
    let strange = folders(&files)
        .into_iter()
        .filter(|name| !FOLDERS.contains(name));
    let strange = strange.map(|name| format!("{name}: a folder at the root that FOLDERS lacks"));
    expect_none(&strange.collect::<Vec<_>>());
}

#[test]
fn cargo_knows_every_test_of_the_command() {
    let manifest = workspace::root().join("crates/outcrop/Cargo.toml");
    let manifest = fs::read_to_string(manifest).expect("the manifest is readable");
    let files = workspace::files();
    assert!(!tests(&files).is_empty());
    expect_none(&unlisted(&manifest, &files));
}

#[test]
fn a_test_without_a_row_is_found() {
    let file = |path: &str| File {
        path: path.into(),
        text: String::new(),
    };
    let paths = [
        "README.md",
        "tests/a.rs",
        "tests/b/main.rs",
        "tests/b/c.rs",
        "tests/common/mod.rs",
        "tests/fixtures/export.py",
    ];
    let files = paths.map(file);
    assert_eq!(folders(&files), ["tests"]);
    let manifest = "[[test]]\nname = \"a\"\npath = \"../../tests/a.rs\"\n";
    let missing = "crates/outcrop/Cargo.toml has no [[test]] with path = \"../../tests/b/main.rs\"";
    assert_eq!(unlisted(manifest, &files), [missing]);
}
