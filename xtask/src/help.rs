//! `cargo xtask help`, and the message for an unknown command.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::TASKS;

/// Lists the commands on standard output.
pub(crate) fn run(_arguments: &[OsString]) -> Result<ExitCode, String> {
    println!("Tasks of the Outcrop workspace: cargo xtask COMMAND\n");
    for task in &TASKS {
        println!("  {:<10} {}", task.name, task.about);
    }
    Ok(ExitCode::SUCCESS)
}

/// The message for a `name` that is none of `names`: the nearest of them, or all where none is near.
pub(crate) fn unknown(kind: &str, name: &str, names: &[&str]) -> String {
    let mut ranked: Vec<_> = names.iter().map(|&n| (distance(name, n), n)).collect();
    ranked.sort_unstable();
    let near = |&&(distance, near): &&(usize, &str)| distance <= near.len() / 3;
    let nearest: Vec<_> = ranked.iter().filter(near).map(|n| n.1).collect();
    match nearest[..] {
        [] => format!("no {kind} `{name}`; the {kind}s are: {}", names.join(", ")),
        _ => format!("no {kind} `{name}`; did you mean: {}?", nearest.join(", ")),
    }
}

/// Levenshtein's distance in characters, row by row.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_levenshteins() {
        for (a, b, expected) in [
            ("kitten", "sitting", 3),
            ("", "abc", 3),
            ("tidy", "tidy", 0),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn a_slip_is_told_the_nearest_name_and_nonsense_all_of_them() {
        let unknown = |name| unknown("command", name, &["reproduce", "tidy", "help"]);
        assert!(unknown("reprodcue").ends_with("did you mean: reproduce?"));
        assert!(unknown("frobnicate").ends_with("the commands are: reproduce, tidy, help"));
    }
}
