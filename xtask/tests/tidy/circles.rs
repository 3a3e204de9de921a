//! No circles between the top modules of a crate, followed through what its root re-exports.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::expect_none;
use crate::source::code;
use crate::workspace::{self, File};

/// Which module uses which, by name.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// The first names of a use tree: `a::b` gives a, `{a, b::{c, d}}` gives a and b.
fn first_names(tree: &str) -> Vec<&str> {
    let name = |text: &'_ str| {
        text.find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(text.len())
    };
    let Some(list) = tree.strip_prefix('{') else {
        return vec![&tree[..name(tree)]];
    };
    let mut names = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                let item = list[start..at].trim_start();
                names.push(&item[..name(item)]);
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The items that a root re-exports, with the module that each comes from.
fn exports(root: &str) -> BTreeMap<&str, &str> {
    let mut exports = BTreeMap::new();
    for statement in root
        .split(';')
        .filter_map(|s| s.split_once("use ").map(|(_, s)| s))
    {
        let Some((module, _)) = statement.split_once("::") else {
            continue;
        };
        let (path, list) = match statement.split_once('{') {
            Some((path, _)) => (path, &statement[path.len()..]),
            None => {
                let at = statement.rfind("::").map_or(0, |at| at + 2);
                (&statement[..at], &statement[at..])
            }
        };
        if !path.is_empty() {
            exports.extend(first_names(list).into_iter().map(|item| (item, module)));
        }
    }
    exports
}

/// The paths from the crate's root that a file of `depth` folders below it names.
fn from_root(code: &str, depth: usize) -> Vec<&str> {
    let up = "super::".repeat(depth + 1);
    let mut names = Vec::new();
    for prefix in ["crate::", &up] {
        for (at, _) in code.match_indices(prefix) {
            names.extend(first_names(&code[at + prefix.len()..]));
        }
    }
    names
}

/// The uses between the top modules of the crate whose sources, below `src/`, are `files`.
fn uses(files: &[(&str, &str)]) -> Uses {
    let root = files
        .iter()
        .find(|(path, _)| *path == "lib.rs")
        .map_or("", |f| f.1);
    let root = code(root);
    let exports = exports(&root);
    let module = |path: &str| {
        let first = path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first).to_owned()
    };
    let modules: BTreeSet<_> = files.iter().map(|(path, _)| module(path)).collect();
    let mut uses = Uses::new();
    for (path, text) in files
        .iter()
        .filter(|(path, _)| !matches!(*path, "lib.rs" | "main.rs"))
    {
        let depth = path.trim_end_matches("/mod.rs").matches('/').count();
        let (ours, text) = (module(path), code(text));
        let named = from_root(&text, depth).into_iter();
        let theirs = named.map(|name| exports.get(name).copied().unwrap_or(name).to_owned());
        let theirs = theirs.filter(|name| modules.contains(name) && *name != ours);
        uses.entry(ours.clone()).or_default().extend(theirs);
    }
    uses
}

/// The shortest circle through each module, told once, from its first name: `a -> b -> a`.
fn circles(uses: &Uses) -> Vec<String> {
    let circles = uses.keys().filter_map(|start| {
        let circle = shortest_circle(uses, start)?;
        let first = circle.iter().all(|name| *name >= start.as_str());
        first.then(|| circle.join(" -> "))
    });
    circles.collect()
}

/// The shortest way from `start` back to it, breadth first.
fn shortest_circle<'a>(uses: &'a Uses, start: &'a str) -> Option<Vec<&'a str>> {
    let mut ways = VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in uses.get(*way.last()?).into_iter().flatten() {
            if seen.insert(next) {
                let longer = [way.as_slice(), &[next.as_str()]].concat();
                if next == start {
                    return Some(longer);
                }
                ways.push_back(longer);
            }
        }
    }
    None
}

fn crate_circles(name: &str, files: &[File]) -> Vec<String> {
    let folder = format!("crates/{name}/src/");
    let sources = files.iter().filter(|file| file.is_source());
    let sources: Vec<_> = sources
        .filter_map(|file| Some((file.path.strip_prefix(&folder)?, file.text.as_str())))
        .collect();
    let circles = circles(&uses(&sources)).into_iter();
    circles.map(|circle| format!("{name}: {circle}")).collect()
}

#[test]
fn crates_have_no_circles() {
    let files = workspace::rust_files();
    let crates = workspace::crates();
    let found = crates
        .iter()
        .flat_map(|(name, _)| crate_circles(name, &files));
    expect_none(&found.collect::<Vec<_>>());
}

#[test]
fn a_circle_is_found_through_a_re_export() {
    let root = (
        "lib.rs",
        "mod a;\nmod b;\nmod c;\npub use b::{B, C};\npub use a::A;",
    );
    let straight = [
        root,
        ("a.rs", "use crate::{B, c::{D, E}};"),
        ("b/mod.rs", "x"),
        ("c.rs", ""),
    ];
    assert_eq!(circles(&uses(&straight)), [""; 0]);
    for back in [
        ("b/x.rs", "use super::super::A;"),
        ("b/mod.rs", "fn f(a: crate::a::A) {}"),
    ] {
        let round = [
            root,
            ("a.rs", "use crate::{B, c::{D, E}};"),
            back,
            ("c.rs", ""),
        ];
        assert_eq!(circles(&uses(&round)), ["a -> b -> a"]);
    }
}

#[test]
fn use_trees_give_their_first_names() {
    assert_eq!(first_names("{a, b::{c, d}, e as f}; x"), ["a", "b", "e"]);
    assert_eq!(first_names("a::b;"), ["a"]);
}
