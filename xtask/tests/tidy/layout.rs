//! Every crate has a README, the texts of both licences, an example that asserts, and crate docs.

use crate::expect_none;
use crate::workspace::{self, File};

/// What the crate `name` lacks among `files`.
fn missing(name: &str, files: &[File]) -> Vec<String> {
    let folder = format!("crates/{name}/");
    let of = |path: &str| {
        files
            .iter()
            .find(|file| file.path == format!("{folder}{path}"))
    };
    let mut findings = Vec::new();
    match of("README.md") {
        Some(readme) if readme.text.starts_with(&format!("# {name}\n")) => {}
        Some(_) => findings.push(format!("{name}: README.md is not headed `# {name}`")),
        None => findings.push(format!("{name}: no README.md")),
    }
    let examples = format!("{folder}examples/");
    let mut examples = files.iter().filter(|file| file.path.starts_with(&examples));
    if !examples.any(|example| example.text.contains("assert")) {
        findings.push(format!("{name}: no example in examples/ that asserts"));
    }
    match of("src/lib.rs") {
        Some(lib) => findings.extend(lib_docs(name, &lib.text)),
        None => findings.push(format!("{name}: no src/lib.rs")),
    }
    findings
}

/// Examples of two crates with one name: Cargo builds them over each other.
fn examples_of_one_name(files: &[File]) -> Vec<String> {
    let mut known = std::collections::BTreeMap::new();
    let mut found = Vec::new();
    for file in files {
        let parts: Vec<&str> = file.path.split('/').collect();
        if let ["crates", _, "examples", name] = parts[..]
            && name.ends_with(".rs")
            && let Some(other) = known.insert(name, &file.path)
        {
            found.push(format!("{} and {other} are built to one file", file.path));
        }
    }
    found
}

/// Crate docs come first, show code that asserts, and lints come from the workspace alone.
fn lib_docs(name: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    if !text.starts_with("//! ") {
        findings.push(format!("{name}: src/lib.rs does not start with crate docs"));
    }
    let head: String = text
        .lines()
        .take_while(|line| !line.starts_with("mod "))
        .collect();
    if !head.contains("```") || !head.contains("assert") {
        findings.push(format!(
            "{name}: the crate docs have no example that asserts"
        ));
    }
    let mut attributes = text.match_indices("#![").map(|(at, _)| &text[at..]);
    let docs = |attribute: &str| {
        let end = attribute.find(")]").unwrap_or(attribute.len());
        attribute.starts_with("#![cfg_attr(") && attribute[..end].contains("doc = ")
    };
    if attributes.any(|attribute| !docs(attribute)) {
        findings.push(format!("{name}: src/lib.rs sets attributes of its own"));
    }
    findings
}

#[test]
fn every_crate_is_complete() {
    let files = workspace::files();
    let crates = workspace::crates();
    let found: Vec<_> = crates
        .iter()
        .flat_map(|(name, _)| missing(name, &files))
        .collect();
    expect_none(&found);
}

/// Links to the texts at the root; a package has the texts themselves. Where a checkout has no links, the
/// files hold the path.
#[test]
fn every_crate_has_both_licences() {
    let lacks = |name: &str, licence: &str| {
        let path = workspace::root().join(format!("crates/{name}/{licence}"));
        let same = path.read_link().is_ok_and(|to| to.ends_with(licence));
        let same = same || std::fs::read_to_string(path).is_ok_and(|text| text.ends_with(licence));
        (!same).then(|| format!("{name}: {licence} is no link to ../../{licence}"))
    };
    let crates = workspace::crates();
    let found = crates.iter().flat_map(|(name, _)| {
        let licences = ["LICENSE-MIT", "LICENSE-APACHE"];
        licences
            .into_iter()
            .filter_map(|licence| lacks(name, licence))
    });
    expect_none(&found.collect::<Vec<_>>());
}

#[test]
fn every_example_has_a_name_of_its_own() {
    expect_none(&examples_of_one_name(&workspace::files()));
    let file = |path: &str| File {
        path: path.into(),
        text: String::new(),
    };
    let files = ["x/examples/a.rs", "y/examples/a.rs", "y/examples/data/a.rs"];
    let files = files.map(|path| file(&format!("crates/{path}")));
    assert_eq!(examples_of_one_name(&files).len(), 1);
}

#[test]
fn what_a_crate_lacks_is_found() {
    let file = |path: &str, text: &str| File {
        path: format!("crates/x/{path}"),
        text: text.into(),
    };
    let docs = "//! Docs.\n//! ```\n//! assert!(true);\n//! ```\nmod a;\n";
    let mut files = vec![
        file("README.md", "# x\n"),
        file("examples/a.rs", "fn main() { assert!(true) }"),
        file("src/lib.rs", docs),
    ];
    assert_eq!(missing("x", &files), [""; 0]);
    files[1].text = "fn main() {}".into();
    assert_eq!(
        missing("x", &files),
        ["x: no example in examples/ that asserts"]
    );
    files[0].text = "# y\n".into();
    assert_eq!(missing("x", &files).len(), 2);
    assert_eq!(missing("x", &[]).len(), 3);
}

#[test]
fn poor_crate_docs_are_found() {
    let example = "//! ```\n//! assert!(true);\n//! ```\n";
    assert_eq!(lib_docs("x", &format!("//! Docs.\n{example}")), [""; 0]);
    assert_eq!(lib_docs("x", "//! Docs.\nmod a;\n").len(), 1);
    assert_eq!(lib_docs("x", &format!("mod a;\n{example}")).len(), 2);
    assert_eq!(
        lib_docs("x", &format!("//! Docs.\n{example}#![warn(x)]\n")).len(),
        1
    );
    let conditional = "#![cfg_attr(\n    feature = \"flex\",\n    doc = \"\"\n)]\n";
    assert_eq!(
        lib_docs("x", &format!("//! Docs.\n{example}{conditional}")),
        [""; 0]
    );
}
