//! No `_` arm over a switch, a family or a step: the compiler then finds what a new one needs.

use crate::expect_none;
use crate::source::code;
use crate::workspace::{File, rust_files};

/// The folders whose public enums a match names value by value: what a switch may be, and what a plan is made of.
const FOLDERS: [&str; 3] = [
    "crates/outcrop-arch/src/nonlinearity",
    "crates/outcrop-arch/src/plan",
    "crates/outcrop-arch/src/switch",
];

/// The enums that a source declares, with `::` behind: by `pub enum`, or as the list of words of `one_of!`.
fn enums(text: &str) -> Vec<String> {
    let of_words = text.split("one_of! {").skip(1).flat_map(str::lines);
    let of_words = of_words.filter_map(|line| line.strip_prefix("    ")?.split_once(": "));
    let of_words = of_words.filter(|(_, properties)| properties.ends_with(';'));
    let declared = text.lines().filter_map(|l| l.strip_prefix("pub enum "));
    let declared = declared.filter_map(|rest| rest.split_whitespace().next());
    let names = of_words.map(|(name, _)| name).chain(declared);
    names.map(|name| format!("{name}::")).collect()
}

/// The enums of this repository whose every value a match names.
fn named(files: &[File]) -> Vec<String> {
    let theirs = |file: &&File| {
        file.is_source() && FOLDERS.iter().any(|folder| file.path.starts_with(folder))
    };
    files
        .iter()
        .filter(theirs)
        .flat_map(|f| enums(&f.text))
        .collect()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Lines of `_` arms in matches of which another arm names one of these enums, as rustfmt lays them out.
fn wildcards(path: &str, text: &str, named: &[String]) -> Vec<String> {
    let code = code(text);
    let lines: Vec<&str> = code.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let opens = line.contains("match ") && line.ends_with('{');
        if !opens {
            continue;
        }
        let depth = indent(line);
        let inside = lines.iter().enumerate().skip(at + 1);
        let inside = inside.take_while(|(_, l)| l.trim().is_empty() || indent(l) > depth);
        let arms: Vec<_> = inside.filter(|(_, l)| indent(l) == depth + 4).collect();
        let names_one = |arm: &str| {
            let pattern = arm.split_once("=>").map_or(arm, |(pattern, _)| pattern);
            let mut words = pattern.split(|c: char| !(c.is_alphanumeric() || "_:".contains(c)));
            words.any(|word| named.iter().any(|name| word.starts_with(name.as_str())))
        };
        if !arms.iter().any(|(_, arm)| names_one(arm)) {
            continue;
        }
        let wild = |arm: &str| {
            arm.trim_start().starts_with("_ =>") || arm.trim_start().starts_with("_ if")
        };
        let wild = arms.iter().filter(|(_, arm)| wild(arm));
        found.extend(wild.map(|(i, _)| format!("{path}:{}: `_` hides values to come", i + 1)));
    }
    found
}

#[test]
fn no_wildcard_hides_a_switch_or_a_family() {
    let files = rust_files();
    let named = named(&files);
    for known in [
        "Norm::",
        "RotaryPairs::",
        "RotaryScaling::",
        "Step::",
        "Nonlinearity::",
    ] {
        assert!(named.iter().any(|name| name == known), "{known} {named:?}");
    }
    let sources = files.iter().filter(|file| file.is_source());
    let found: Vec<_> = sources
        .flat_map(|f| wildcards(&f.path, &f.text, &named))
        .collect();
    expect_none(&found);
}

#[test]
fn enums_are_found_as_they_are_declared() {
    let text = "pub enum Draw {\n}\none_of! {\n    \"norm\", \"Which\";\n    /// Which.\n    Norm: Properties;\n}\n";
    assert_eq!(enums(text), ["Norm::", "Draw::"]);
}

#[test]
fn a_wildcard_is_found_where_it_hides_something() {
    let named = ["Norm::".to_owned()];
    let arms = |last: &str| {
        format!(
            "fn f() {{\n    match x {{\n        Norm::RmsNorm => {{\n            match y {{\n                _ => 2,\n            }}\n        }}\n        {last} => 3,\n    }}\n}}\n"
        )
    };
    assert_eq!(wildcards("a.rs", &arms("_"), &named).len(), 1);
    assert_eq!(wildcards("a.rs", &arms("Norm::LayerNorm"), &named).len(), 0);
    let other =
        "    match x {\n        Some(1) => Norm::RmsNorm,\n        _ => Norm::LayerNorm,\n    }\n";
    assert_eq!(wildcards("a.rs", other, &named).len(), 0);
}
