//! A crate that is used alone pulls in what its subject needs: the number of packages below it is bounded.

use std::collections::BTreeSet;
use std::process::Command;

use crate::expect_none;
use crate::workspace;

/// A crate and how many packages it may need on x86-64 Linux with its default features, itself included.
/// `docs/architecture.md` has the same numbers.
const BOUNDS: [(&str, usize); 5] = [
    ("outcrop-schedule", 8),
    ("outcrop-measure", 16),
    ("outcrop-observe", 30),
    ("outcrop-fit", 45),
    ("outcrop-forward", 60),
];

/// The packages below `name`, as `name version`, by what `Cargo.lock` says.
fn packages(name: &str) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut tree = Command::new(cargo);
    tree.args([
        "tree",
        "--offline",
        "--locked",
        "--edges",
        "normal",
        "--prefix",
        "none",
    ]);
    tree.args(["--target", "x86_64-unknown-linux-gnu", "--package", name]);
    let output = tree
        .current_dir(workspace::root())
        .output()
        .expect("cargo starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree of {name}: {errors}");
    listed(&String::from_utf8_lossy(&output.stdout))
}

/// Each package of a tree once: a line is its name, its version and marks.
fn listed(tree: &str) -> BTreeSet<String> {
    let package = |line: &str| {
        let words: Vec<_> = line.split_whitespace().take(2).collect();
        words.join(" ")
    };
    tree.lines()
        .map(package)
        .filter(|p| !p.is_empty())
        .collect()
}

fn findings(name: &str, most: usize, packages: &BTreeSet<String>) -> Option<String> {
    let list: Vec<_> = packages.iter().map(String::as_str).collect();
    let count = packages.len();
    (count > most).then(|| {
        format!(
            "{name} needs {count} packages, at most {most} are allowed: {}",
            list.join(", ")
        )
    })
}

#[test]
fn crates_used_alone_stay_light() {
    let over = |(name, most): &(&str, usize)| findings(name, *most, &packages(name));
    expect_none(&BOUNDS.iter().filter_map(over).collect::<Vec<_>>());
}

#[test]
fn the_page_of_the_architecture_has_the_same_bounds() {
    let page = workspace::root().join("docs/architecture.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let row = |(name, most): &(&str, usize)| format!("| `{name}` | {most} |");
    let missing = BOUNDS.iter().map(row).filter(|row| !page.contains(row));
    expect_none(&missing.collect::<Vec<_>>());
}

#[test]
fn one_package_too_many_is_found() {
    let tree = "a v1.0.0 (folder)\nb v0.1.0 (proc-macro)\nb v0.1.0 (proc-macro) (*)\nb v0.2.0\n\n";
    let found = listed(tree);
    assert_eq!(found.len(), 3);
    assert_eq!(findings("a", 3, &found), None);
    let over = findings("a", 2, &found).expect("3 are more than 2");
    assert!(
        over.contains("a needs 3 packages") && over.contains("b v0.2.0"),
        "{over}"
    );
}
