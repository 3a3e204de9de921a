//! The repository's rules as tests. Each rule is a function of text that returns what is wrong with
//! it; beside it stands a test that shows it can fail, and one that applies it to the workspace.

mod arms;
mod circles;
mod floors;
mod layout;
mod lengths;
mod libraries;
mod light;
mod links;
mod manifest;
mod methods;
mod names;
mod paths;
mod reference;
mod root;
mod source;
mod words;
mod workspace;

/// Fails with one finding a line.
fn expect_none(findings: &[String]) {
    assert!(findings.is_empty(), "\n  {}\n", findings.join("\n  "));
}
