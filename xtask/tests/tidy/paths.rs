//! The pages for developers name paths that exist.

use crate::{expect_none, workspace};

/// Pages, and how the paths in them begin.
const PAGES: [&str; 2] = ["CONTRIBUTING.md", "docs/architecture.md"];
const BEGINNINGS: [&str; 5] = ["crates/", "xtask/", "docs/", "tests/", ".github/"];

/// The paths that a page names in backticks.
fn named(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    let is_path = |word: &&str| {
        BEGINNINGS.iter().any(|b| word.starts_with(b)) && !word.contains([' ', '*', '<', '\n'])
    };
    quoted.filter(is_path).collect()
}

#[test]
fn pages_name_paths_that_exist() {
    let mut found = Vec::new();
    for page in PAGES {
        let text = std::fs::read_to_string(workspace::root().join(page)).unwrap_or_default();
        let absent = |path: &&str| !workspace::root().join(path).exists();
        let absent = named(&text).into_iter().filter(absent);
        found.extend(absent.map(|path| format!("{page}: there is no {path}")));
    }
    expect_none(&found);
}

#[test]
fn paths_in_backticks_are_found() {
    let text = "See `crates/a/src`, `cargo run crates/b` and `a::b`, or\n```sh\nls docs/x\n```\n`docs/y.md`.";
    assert_eq!(named(text), ["crates/a/src", "docs/y.md"]);
}
