//! Each numerical library is named in the crates that own it, and in no signature of the others.

use crate::manifest::dependencies;
use crate::source::{code, lines_with};
use crate::{expect_none, workspace};

/// Libraries by the start of their package names, and the crates that may name them.
const OWNERS: [(&str, &[&str]); 11] = [
    ("burn", &["outcrop-model", "outcrop-train"]),
    ("argmin", &["outcrop-fit"]),
    ("nalgebra", &["outcrop-fit", "outcrop-observe"]),
    (
        "pulp",
        &[
            "outcrop-gemm",
            "outcrop-measure",
            "outcrop-observe",
            "outcrop-vector",
        ],
    ),
    ("linfa", &["outcrop-predict"]),
    ("smartcore", &["outcrop-predict"]),
    ("forust", &["outcrop-predict"]),
    ("ndarray", &["outcrop-predict"]),
    ("tokenizers", &["outcrop-tokens", "outcrop-train"]),
    ("pyo3", &["outcrop-python"]),
    ("numpy", &["outcrop-python"]),
];

/// Marks of their types in a signature.
const TYPES: [&str; 15] = [
    "argmin::",
    "argmin_math::",
    "nalgebra::",
    "DMatrix<",
    "DVector<",
    "linfa::",
    "smartcore::",
    "forust_ml::",
    "tokenizers::",
    "ndarray::",
    "Array1<",
    "Array2<",
    "ArrayView",
    "ArrayBase<",
    "DenseMatrix<",
];

/// Whether `name` is `library` or one of its family (`linfa-linear`, `argmin_math`).
fn of_family(name: &str, library: &str) -> bool {
    let rest = name.strip_prefix(library);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

fn in_manifest(name: &str, manifest: &str) -> Vec<String> {
    let named = dependencies(manifest, |table| table.ends_with("dependencies"));
    let mut findings = Vec::new();
    for (library, owners) in OWNERS {
        let foreign = named
            .iter()
            .filter(|n| of_family(n, library) && !owners.contains(&name));
        findings.extend(foreign.map(|n| format!("{name}: {n} belongs to {owners:?}")));
    }
    findings
}

/// Paths that start at a library (`burn::tensor`, `use argmin_math;`) outside its owners.
fn in_source(path: &str, name: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(code(text).lines()) {
        let words = line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        let roots = words
            .filter_map(|word| word.split_once("::"))
            .map(|(root, _)| root);
        let whole = line
            .trim()
            .strip_prefix("use ")
            .map(|used| used.trim_end_matches(';'));
        for root in roots.chain(whole) {
            let owned = OWNERS.iter().find(|(library, _)| of_family(root, library));
            if let Some((_, owners)) = owned.filter(|(_, owners)| !owners.contains(&name)) {
                findings.push(format!("{path}:{number}: {root} belongs to {owners:?}"));
            }
        }
    }
    findings
}

/// Public signatures that carry a type of a library.
fn in_signatures(path: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let starts = code.match_indices("pub fn ").map(|(at, _)| at);
    let signatures = starts.map(|at| {
        let end = code[at..]
            .find(['{', ';'])
            .map_or(code.len(), |end| at + end);
        &code[at..end]
    });
    signatures
        .filter(|signature| !lines_with(signature, &TYPES).is_empty())
        .map(|signature| format!("{path}: {}", signature.lines().next().unwrap_or_default()))
        .collect()
}

#[test]
fn manifests_name_what_is_theirs() {
    for (name, manifest) in workspace::crates() {
        expect_none(&in_manifest(&name, &manifest));
    }
}

#[test]
fn sources_name_what_is_theirs() {
    let findings: Vec<_> = workspace::rust_files()
        .iter()
        .filter_map(|file| Some((file, file.crate_name().filter(|&name| name != "xtask")?)))
        .flat_map(|(file, name)| in_source(&file.path, name, &file.text))
        .collect();
    expect_none(&findings);
}

#[test]
fn no_public_signature_carries_a_type_of_theirs() {
    let ours = ["outcrop-model", "outcrop-train"];
    let files = workspace::rust_files();
    let files = files
        .iter()
        .filter(|f| f.is_source() && f.crate_name().is_some_and(|n| !ours.contains(&n)));
    let findings: Vec<_> = files
        .flat_map(|f| in_signatures(&f.path, &f.text))
        .collect();
    expect_none(&findings);
}

#[test]
fn a_foreign_library_is_found() {
    let manifest = "[dev-dependencies]\nargmin-math.workspace = true\nburning = \"1\"\n";
    assert_eq!(in_manifest("outcrop-core", manifest).len(), 1);
    assert_eq!(in_manifest("outcrop-fit", manifest).len(), 0);
    let text = "use argmin;\nlet d: burn::Device = x;\n// linfa::x\nlet i = argmin(&v);\n";
    assert_eq!(in_source("a.rs", "outcrop-core", text).len(), 2);
    assert_eq!(in_source("a.rs", "outcrop-fit", text).len(), 1);
}

#[test]
fn a_type_in_a_signature_is_found() {
    let text = "pub fn a(\n    x: &Array2<f64>,\n) {}\npub(crate) fn b(x: Array1<f64>) {}\npub fn c(x: &[f64]) {}\n";
    assert_eq!(in_signatures("a.rs", text), ["a.rs: pub fn a("]);
}
