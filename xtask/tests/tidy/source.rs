//! Rust source as the rules see it.

/// The code of a file: without comments and without the tests at its end; as many lines as before.
pub(crate) fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    let lines = text[..end].lines().map(|line| match comment(line) {
        Some(at) => &line[..at],
        None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Where a comment starts: at `//` that is not part of an address such as `https://`.
fn comment(line: &str) -> Option<usize> {
    line.match_indices("//")
        .map(|(at, _)| at)
        .find(|&at| !line[..at].ends_with(':'))
}

/// The lines of `code` that contain one of `needles`: (line number, needle).
pub(crate) fn lines_with<'a>(code: &str, needles: &[&'a str]) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(code.lines()) {
        let hit = |needle: &&&str| {
            line.match_indices(**needle)
                .any(|(at, _)| starts_word(line, at))
        };
        found.extend(needles.iter().filter(hit).map(|&needle| (number, needle)));
    }
    found
}

/// Whether the character before `at` ends another word or path.
pub(crate) fn starts_word(line: &str, at: usize) -> bool {
    let before = line[..at].chars().next_back();
    !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
}

#[test]
fn comments_and_tests_are_no_code() {
    let text = "/// docs\nlet a = \"https://x.org\"; // b\n#[cfg(test)]\nmod tests {}\n";
    assert_eq!(code(text), "\nlet a = \"https://x.org\"; ");
}

#[test]
fn needles_start_at_a_word() {
    let code = "a\nmy_burn::x\nburn::y";
    assert_eq!(lines_with(code, &["burn::"]), [(3, "burn::")]);
}
