//! The paths that Rust code names.

/// A path and the name under which a `use` brings it in, if one does.
pub(super) struct Named<'a> {
    pub(super) path: Vec<&'a str>,
    /// The last segment, or what follows `as`.
    pub(super) name: &'a str,
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Every path that starts with `crate`, `super` or `self`, in a `use` or anywhere else.
pub(super) fn inner_paths(code: &str) -> Vec<Vec<&str>> {
    let mut paths = Vec::new();
    for first in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(first) {
            if !code[..at].ends_with(|c| is_name(c) || c == ':') {
                paths.extend(expand(&code[at..]).into_iter().map(|named| named.path));
            }
        }
    }
    paths
}

/// What the `use` statements of a file bring into it.
pub(super) fn imports(code: &str) -> Vec<Named<'_>> {
    let statements = code.match_indices("use ");
    let statements = statements.filter(|(at, _)| !code[..*at].ends_with(is_name));
    statements
        .flat_map(|(at, found)| expand(&code[at + found.len()..]))
        .collect()
}

/// The paths of the use tree at the start of `text`: `a::{b, c::d as e}; ...` gives `a::b` and `a::c::d`.
pub(super) fn expand(text: &str) -> Vec<Named<'_>> {
    let mut found = Vec::new();
    tree(text, &[], &mut found);
    found
}

/// Reads one tree below the path `above` and returns the text behind it.
fn tree<'a>(text: &'a str, above: &[&'a str], found: &mut Vec<Named<'a>>) -> &'a str {
    let mut path = above.to_vec();
    let mut text = text.trim_start();
    loop {
        if let Some(list) = text.strip_prefix('{') {
            return trees(list, &path, found);
        }
        let (name, rest) = text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len()));
        if !name.is_empty() && (path.is_empty() || name != "self") {
            path.push(name);
        }
        match rest.strip_prefix("::") {
            Some(rest) => text = rest,
            None => return leaf(rest, path, found),
        }
    }
}

/// The trees of a list in braces.
fn trees<'a>(text: &'a str, path: &[&'a str], found: &mut Vec<Named<'a>>) -> &'a str {
    let mut text = text.trim_start();
    while !text.is_empty() && !text.starts_with('}') {
        let rest = tree(text, path, found).trim_start();
        let Some(rest) = rest.strip_prefix(',') else {
            text = rest;
            break;
        };
        text = rest.trim_start();
    }
    text.strip_prefix('}').unwrap_or(text)
}

/// The end of a path, with the name behind `as`.
fn leaf<'a>(text: &'a str, path: Vec<&'a str>, found: &mut Vec<Named<'a>>) -> &'a str {
    let other = text.trim_start().strip_prefix("as ").map(str::trim_start);
    let (name, rest) = match other {
        Some(other) => other.split_at(other.find(|c| !is_name(c)).unwrap_or(other.len())),
        None => (path.last().copied().unwrap_or_default(), text),
    };
    found.push(Named { path, name });
    rest
}

#[test]
fn use_trees_give_their_paths() {
    let paths = |text| -> Vec<String> {
        let named = expand(text).into_iter();
        named.map(|n| n.path.join("::") + " " + n.name).collect()
    };
    assert_eq!(paths("a::b;"), ["a::b b"]);
    assert_eq!(
        paths("a::{b, c::{d as e, self},\n f::g}; h::i"),
        ["a::b b", "a::c::d e", "a::c c", "a::f::g g"]
    );
}

#[test]
fn paths_in_code_are_found_and_those_of_others_are_not() {
    let code = "use super::super::{a, b}; fn f(x: &crate::c::D) -> my_crate::E { std::super::x }";
    let found: Vec<String> = inner_paths(code).iter().map(|p| p.join("::")).collect();
    assert_eq!(found, ["crate::c::D", "super::super::a", "super::super::b"]);
}
