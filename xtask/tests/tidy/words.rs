//! Words and marks that the repository does without.

use crate::expect_none;
use crate::source::{lines_with, starts_word};
use crate::workspace::{self, File};

/// Unfinished code and silenced lints.
const MARKS: [&str; 4] = ["todo!", "unimplemented!", "#[allow(", "#![allow("];

/// Absolute paths of one machine: a fixture or a page that names one works nowhere else.
const PATHS: [&str; 4] = ["/work/", "/tmp/", "/root/", "/home/"];

/// The project speaks of itself, not of how it came to be.
const WORKPLACE: [&str; 3] = ["helper agent", "session", "shared/"];

fn marks(path: &str, text: &str) -> Vec<String> {
    let found = lines_with(text, &MARKS).into_iter();
    found
        .map(|(line, mark)| format!("{path}:{line}: {mark}"))
        .collect()
}

fn words(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.to_lowercase();
        let mut find = |needle: &str, counts: fn(&str, usize) -> bool| {
            if line.match_indices(needle).any(|(at, _)| counts(&line, at)) {
                findings.push(format!("{path}:{number}: {needle}"));
            }
        };
        PATHS
            .into_iter()
            .for_each(|needle| find(needle, starts_path));
        WORKPLACE
            .into_iter()
            .for_each(|needle| find(needle, starts_word));
    }
    findings
}

/// Whether a path starts at `at`: not so within an address or a relative path.
fn starts_path(line: &str, at: usize) -> bool {
    let before = line[..at].chars().next_back();
    !before.is_some_and(|c| c.is_alphanumeric() || "._-~})>*".contains(c))
}

/// All files but these rules, which must name what they forbid, and the lock file.
fn files() -> Vec<File> {
    let mut files = workspace::files();
    files.retain(|f| f.path != "xtask/tests/tidy/words.rs" && f.path != "Cargo.lock");
    files
}

#[test]
fn nothing_is_left_undone_or_silenced() {
    let files = files();
    let rust = files.iter().filter(|file| file.path.ends_with(".rs"));
    expect_none(
        &rust
            .flat_map(|f| marks(&f.path, &f.text))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn no_file_speaks_of_this_machine_or_of_how_it_was_made() {
    expect_none(
        &files()
            .iter()
            .flat_map(|f| words(&f.path, &f.text))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn marks_are_found() {
    let text =
        "#[allow(dead_code)]\nfn a() { todo!() }\n#![allow(x)]\nunimplemented!()\n#[expect(x)]\n";
    assert_eq!(marks("a.rs", text).len(), 4);
}

#[test]
fn words_are_found() {
    for bad in [
        "open /work/main",
        "\"/tmp/a\"",
        "file:///root/x",
        "A Session of",
        "see shared/x",
    ] {
        assert_eq!(words("a.md", bad).len(), 1, "{bad}");
    }
    for fine in [
        "https://x.org/work/a",
        "possession",
        "../tmp/x",
        "unshared/ x",
        "$HOME/tmp/",
    ] {
        assert_eq!(words("a.md", fine), [""; 0], "{fine}");
    }
}
