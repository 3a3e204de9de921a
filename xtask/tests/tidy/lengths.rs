//! Files stay short enough to read in one go.

use crate::expect_none;
use crate::workspace;

/// No Rust file is longer.
const HARD: usize = 500;
/// Files longer than this are listed (`cargo xtask tidy lengths --nocapture`).
const SOFT: usize = 350;

fn longer_than(limit: usize, path: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > limit).then(|| format!("{path}: {lines} lines, more than {limit}"))
}

#[test]
fn files_are_short() {
    let files = workspace::rust_files();
    let beyond = |limit| {
        let found = files
            .iter()
            .filter_map(|f| longer_than(limit, &f.path, &f.text));
        found.collect::<Vec<_>>()
    };
    for long in beyond(SOFT) {
        println!("long: {long}");
    }
    expect_none(&beyond(HARD));
}

#[test]
fn a_long_file_is_found() {
    let text = "x\n".repeat(HARD);
    assert_eq!(longer_than(HARD, "a.rs", &text), None);
    assert!(longer_than(HARD, "a.rs", &(text + "x\n")).is_some());
}
