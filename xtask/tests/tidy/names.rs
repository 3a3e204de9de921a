//! A public name means one thing: no two crates export different types under the same name.

use std::collections::BTreeMap;

use crate::{expect_none, workspace};

/// What every crate has by convention.
const CONVENTION: [&str; 2] = ["Error", "Result"];

/// Names of types and traits that the front page of a crate exports from its own modules.
fn exported(text: &str) -> Vec<&str> {
    let uses = text.split("\npub use ").skip(1);
    uses.filter_map(|rest| rest.split(';').next())
        .filter(|path| !path.contains("outcrop_"))
        .flat_map(|path| path.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .filter(|name| is_type(name) && !CONVENTION.contains(name))
        .collect()
}

/// `CamelCase`, not a constant or a module.
fn is_type(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.contains(|c: char| c.is_lowercase())
}

/// Names that several of `crates` (name and front page) export.
fn shared(crates: &[(String, String)]) -> Vec<String> {
    let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (krate, text) in crates {
        for name in exported(text) {
            by_name.entry(name).or_default().push(krate);
        }
    }
    by_name.retain(|_, crates| crates.len() > 1);
    by_name
        .iter()
        .map(|(name, crates)| format!("{name}: {}", crates.join(", ")))
        .collect()
}

#[test]
fn a_name_of_two_crates_is_found() {
    let pages = [
        (
            "a",
            "mod x;\npub use x::{Block, MAX, Error};\npub use outcrop_b::Tap;\n",
        ),
        (
            "b",
            "mod y;\npub use y::Tap;\npub use y::z::{\n    Block, Error, block,\n};\n",
        ),
    ];
    let crates = pages.map(|(krate, text)| (krate.to_owned(), text.to_owned()));
    assert_eq!(shared(&crates), ["Block: a, b"]);
}

#[test]
fn public_names_mean_one_thing() {
    let front_pages: Vec<(String, String)> = workspace::rust_files()
        .into_iter()
        .filter(|file| file.path.ends_with("/src/lib.rs") && file.path.starts_with("crates/"))
        .filter_map(|file| Some((file.crate_name()?.to_owned(), file.text)))
        .collect();
    assert!(front_pages.len() > 10, "{} front pages", front_pages.len());
    expect_none(&shared(&front_pages));
}
