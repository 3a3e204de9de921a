//! Libraries print nothing and read no environment; the ground floor knows no thread, clock or
//! random number. The crate `outcrop` holds the command, which does all of these.

use crate::expect_none;
use crate::source::{code, lines_with};
use crate::workspace::{self, File};

const LOUD: [&str; 10] = [
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
    "dbg!",
    "env::var",
    "env::args",
    "env::set_var",
    "env::current_dir",
    "process::exit",
];
const IMPURE: [&str; 6] = [
    "std::thread",
    "rayon::",
    "SystemTime",
    "Instant::",
    "rand_chacha::",
    "rand::",
];

fn findings(path: &str, text: &str, needles: &[&str]) -> Vec<String> {
    let found = lines_with(&code(text), needles).into_iter();
    found
        .map(|(line, needle)| format!("{path}:{line}: {needle}"))
        .collect()
}

fn sources(wanted: impl Fn(&str) -> bool) -> Vec<File> {
    let mut files = workspace::rust_files();
    files.retain(|file| file.is_source() && file.crate_name().is_some_and(&wanted));
    files
}

#[test]
fn libraries_are_quiet() {
    let files = sources(|name| name.starts_with("outcrop-"));
    let found: Vec<_> = files
        .iter()
        .flat_map(|f| findings(&f.path, &f.text, &LOUD))
        .collect();
    expect_none(&found);
}

#[test]
fn the_ground_floor_is_pure() {
    let files = sources(|name| ["outcrop-arch", "outcrop-core", "outcrop-observe"].contains(&name));
    let found: Vec<_> = files
        .iter()
        .flat_map(|f| findings(&f.path, &f.text, &IMPURE))
        .collect();
    expect_none(&found);
}

#[test]
fn noise_is_found_where_it_counts() {
    let text = "/// println!(1)\nfn a() { eprintln!(\"b\"); std::env::var(\"C\"); }\n\
        let root = env!(\"CARGO_MANIFEST_DIR\");\n#[cfg(test)]\nmod tests { fn d() { println!() } }\n";
    assert_eq!(
        findings("a.rs", text, &LOUD),
        ["a.rs:2: eprintln!", "a.rs:2: env::var"]
    );
    assert_eq!(
        findings("a.rs", "let t = Instant::now();", &IMPURE).len(),
        1
    );
}
