//! The modules of a crate, and what a path in one of them leads to.

use std::collections::{BTreeMap, BTreeSet};

use super::paths::{Named, imports, inner_paths};
use crate::source::code;

/// A module as the names on the way to it from the crate's root, which is empty.
type Module = Vec<String>;

/// Which module of a folder uses which of the same folder.
pub(super) type Uses = BTreeMap<String, BTreeSet<String>>;

/// A crate's modules with what is imported into each.
struct Tree<'a> {
    modules: BTreeMap<Module, Vec<Named<'a>>>,
}

/// The module that a file below `src/` is.
fn module(path: &str) -> Module {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let mut names: Module = path.split('/').map(str::to_owned).collect();
    let last = names.last().map(String::as_str);
    if last == Some("mod") || (names.len() == 1 && matches!(last, Some("lib" | "main"))) {
        names.pop();
    }
    names
}

impl Tree<'_> {
    /// The module in which the path, named in `from`, ends: an import is followed to where it comes
    /// from. None where it leads out of the crate.
    fn resolve(&self, from: &[String], path: &[&str], hops: usize) -> Option<Module> {
        let mut at = from.to_vec();
        for (i, &name) in path.iter().enumerate() {
            match name {
                "crate" => at.clear(),
                "super" => drop(at.pop()?),
                "self" => {}
                _ => {
                    let child = [&at[..], &[name.to_owned()]].concat();
                    if self.modules.contains_key(&child) {
                        at = child;
                        continue;
                    }
                    let import = self.modules.get(&at)?.iter().find(|n| n.name == name);
                    return match import {
                        Some(import) if hops > 0 => {
                            let whole = [&import.path[..], &path[i + 1..]].concat();
                            self.resolve(&at, &whole, hops - 1)
                        }
                        Some(_) => None,
                        None => (i > 0).then_some(at),
                    };
                }
            }
        }
        Some(at)
    }
}

/// How many imports one path may go through: enough for every re-export, and an end to `use x as x`.
const HOPS: usize = 8;

/// For each folder (the path of its module) the uses among its modules, those of their own folders
/// included. `files` are the crate's sources below `src/`.
pub(super) fn uses(files: &[(&str, &str)]) -> BTreeMap<String, Uses> {
    let library = files.iter().any(|(path, _)| *path == "lib.rs");
    let files = files.iter().filter(|f| !(library && f.0 == "main.rs"));
    let texts: Vec<_> = files
        .map(|(path, text)| (module(path), code(text)))
        .collect();
    let modules = texts.iter().map(|(m, text)| (m.clone(), imports(text)));
    let tree = Tree {
        modules: modules.collect(),
    };
    let mut folders = BTreeMap::<String, Uses>::new();
    for (ours, text) in &texts {
        for path in inner_paths(text) {
            let Some(theirs) = tree.resolve(ours, &path, HOPS) else {
                continue;
            };
            let same = ours.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
            if let (Some(a), Some(b)) = (ours.get(same), theirs.get(same)) {
                let folder = folders.entry(ours[..same].join("/")).or_default();
                folder.entry(a.clone()).or_default().insert(b.clone());
            }
        }
    }
    folders
}

#[test]
fn a_file_is_the_module_that_it_is_named_for() {
    assert_eq!(module("lib.rs"), [""; 0]);
    assert_eq!(module("a.rs"), ["a"]);
    assert_eq!(module("a/mod.rs"), ["a"]);
    assert_eq!(module("a/b/main.rs"), ["a", "b", "main"]);
}
