//! No `_` arm over a switch, a family or a step: the compiler then finds what a new one needs.

use crate::expect_none;
use crate::source::code;
use crate::workspace::rust_files;

/// Enums whose every value a match names.
const NAMED: [&str; 12] = [
    "Activation::",
    "Attention::",
    "Bias::",
    "Draw::",
    "Init::",
    "Nonlinearity::",
    "Norm::",
    "NormPlacement::",
    "Position::",
    "Residual::",
    "Step::",
    "TensorKind::",
];

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Lines of `_` arms in matches of which another arm names one of these enums, as rustfmt lays them out.
fn wildcards(path: &str, text: &str) -> Vec<String> {
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
        let named = |arm: &str| {
            let pattern = arm.split_once("=>").map_or(arm, |(pattern, _)| pattern);
            let mut words = pattern.split(|c: char| !(c.is_alphanumeric() || "_:".contains(c)));
            words.any(|word| NAMED.iter().any(|name| word.starts_with(name)))
        };
        if !arms.iter().any(|(_, arm)| named(arm)) {
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
    let files = rust_files().into_iter().filter(|file| file.is_source());
    let found: Vec<_> = files.flat_map(|f| wildcards(&f.path, &f.text)).collect();
    expect_none(&found);
}

#[test]
fn a_wildcard_is_found_where_it_hides_something() {
    let arms = |last: &str| {
        format!(
            "fn f() {{\n    match x {{\n        Norm::RmsNorm => {{\n            match y {{\n                _ => 2,\n            }}\n        }}\n        {last} => 3,\n    }}\n}}\n"
        )
    };
    assert_eq!(wildcards("a.rs", &arms("_")).len(), 1);
    assert_eq!(wildcards("a.rs", &arms("Norm::LayerNorm")).len(), 0);
    let other =
        "    match x {\n        Some(1) => Norm::RmsNorm,\n        _ => Norm::LayerNorm,\n    }\n";
    assert_eq!(wildcards("a.rs", other).len(), 0);
}
