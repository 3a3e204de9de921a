//! The command lines that the help and the pages show.

use std::path::{Path, PathBuf};

/// Behind a line that must fail.
pub(super) const REFUSED: &str = " # refused";

/// Command lines that are given one after another.
pub(super) struct Group {
    /// Where they stand.
    pub(super) name: String,
    /// As a shell gets them, without comments behind them.
    pub(super) lines: Vec<String>,
    /// Assignments that hold for all of them, as a shell gets them.
    pub(super) variables: String,
}

impl Group {
    /// The words of every call of `outcrop` in them, `outcrop` first.
    pub(super) fn commands(&self) -> Vec<Vec<String>> {
        let lines = self.lines.iter().map(|line| line.trim_end_matches(REFUSED));
        let calls = lines.flat_map(calls);
        calls.filter_map(|words| of_outcrop(&words)).collect()
    }
}

/// The examples of the command and of each of its subcommands.
pub(super) fn help() -> Vec<Group> {
    let command = outcrop::cli::command();
    let subcommands = command.get_subcommands();
    let of_all = std::iter::once(("outcrop --help".to_owned(), &command))
        .chain(subcommands.map(|c| (format!("outcrop {} --help", c.get_name()), c)));
    let group = |(name, command): (String, &clap::Command)| Group {
        name,
        lines: examples(
            &command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default(),
        ),
        variables: String::new(),
    };
    of_all.map(group).collect()
}

/// The lines after `Examples:` up to the next empty one, each cut where its explanation begins.
fn examples(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    let commands = lines.filter_map(|line| line.strip_prefix("  "));
    let commands = commands.filter(|line| !line.starts_with(' '));
    commands.map(|line| cut(line).to_owned()).collect()
}

fn cut(line: &str) -> &str {
    line.split("  ").next().unwrap_or(line)
}

/// The blocks of commands of every page, a group a page.
pub(super) fn pages() -> Vec<Group> {
    paths()
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            let (variables, lines): (Vec<String>, Vec<String>) = blocks(&text)
                .into_iter()
                .partition(|line| is_assignment(line));
            Group {
                name: path.strip_prefix(root()).unwrap().display().to_string(),
                lines,
                variables: variables.iter().map(|v| format!("{v}; ")).collect(),
            }
        })
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// README.md, the pages of docs/ and the README of every crate.
fn paths() -> Vec<PathBuf> {
    let mut paths = vec![
        root().join("README.md"),
        root().join("data/atlas/README.md"),
    ];
    let pages = std::fs::read_dir(root().join("docs")).unwrap();
    let pages = pages.map(|entry| entry.unwrap().path());
    paths.extend(pages.filter(|path| path.extension().is_some_and(|e| e == "md")));
    let crates = std::fs::read_dir(root().join("crates")).unwrap();
    paths.extend(crates.map(|entry| entry.unwrap().path().join("README.md")));
    paths.sort();
    paths
}

/// The lines of all ```sh blocks, continued ones joined, without comments.
fn blocks(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut inside = false;
    for line in text.replace("\\\n", " ").lines() {
        match (inside, line) {
            (false, "```sh") => inside = true,
            (true, "```") => inside = false,
            (true, line) => lines.push(without_comment(line)),
            _ => {}
        }
    }
    lines.retain(|line| !line.is_empty() && !line.starts_with('#'));
    lines
}

/// The line without its comment, but for one that says that it is refused.
fn without_comment(line: &str) -> String {
    let (command, comment) = line.split_once('#').unwrap_or((line, ""));
    match comment.trim().starts_with("refused") {
        true => format!("{}{REFUSED}", command.trim()),
        false => command.trim().to_owned(),
    }
}

fn is_assignment(line: &str) -> bool {
    line.split_once('=')
        .is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase()))
}

/// Calls of `outcrop` with options that stand within sentences, each with its page.
pub(super) fn inline() -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for path in paths() {
        let text = std::fs::read_to_string(&path).unwrap().replace('\n', " ");
        let spans = text.split('`').skip(1).step_by(2);
        let spans = spans.filter(|span| span.starts_with("outcrop ") && span.contains(" -"));
        let spans = spans.filter(|span| !span.contains("..."));
        found.extend(spans.map(|span| (path.display().to_string(), words(span))));
    }
    found
}

/// The words of a line, call by call, as a shell separates them.
fn calls(line: &str) -> Vec<Vec<String>> {
    let mut calls = vec![Vec::new()];
    for word in words(line) {
        match word.as_str() {
            "|" | ";" | "&&" => calls.push(Vec::new()),
            _ => calls.last_mut().unwrap().push(word),
        }
    }
    calls
}

/// The words of a line; quotes hold words together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The call if it is one of `outcrop`, up to where its output goes.
fn of_outcrop(words: &[String]) -> Option<Vec<String>> {
    let end = words.iter().position(|word| word == ">");
    let words = &words[..end.unwrap_or(words.len())];
    let rest = match words {
        [command, rest @ ..] if command.ends_with("outcrop") => rest.to_vec(),
        [cargo, xtask, reproduce, ..]
            if [cargo, xtask, reproduce] == ["cargo", "xtask", "reproduce"] =>
        {
            words[2..].to_vec()
        }
        _ => return None,
    };
    Some(std::iter::once("outcrop".to_owned()).chain(rest).collect())
}
