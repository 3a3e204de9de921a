//! The phase of all tests, counted.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::{Failure, ended};
use crate::process;

/// What test runners said at their ends.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Counts {
    /// Adds what a line counts: `test result: ok. 5 passed; 0 failed; 1 ignored; ...`.
    fn add(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result:") else {
            return;
        };
        let words: Vec<&str> = counts.split([' ', ';']).filter(|w| !w.is_empty()).collect();
        for pair in words.windows(2) {
            let count: u64 = pair[0].parse().unwrap_or_default();
            match pair[1] {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.skipped += count,
                _ => {}
            }
        }
    }
}

/// Runs the tests, shows what they say on standard output, and counts; that none passed is a failure.
pub(super) fn run(command: &mut Command) -> Result<(), Failure> {
    let broken = |e: io::Error| format!("read what the tests say: {e}");
    let (read, write) = io::pipe().map_err(broken)?;
    let errors = write.try_clone().map_err(broken)?;
    let child = command.stdout(write).stderr(errors).spawn();
    let mut child = child.map_err(|e| process::unstarted(command, &e))?;
    // our own ends of the pipe close, so that it ends with the tests
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut counts = Counts::default();
    let (mut read, mut line) = (BufReader::new(read), Vec::new());
    while read.read_until(b'\n', &mut line).map_err(broken)? > 0 {
        let _ = io::stdout().write_all(&line);
        counts.add(&String::from_utf8_lossy(&line));
        line.clear();
    }
    let status = child.wait().map_err(broken)?;
    let Counts {
        passed,
        failed,
        skipped,
    } = counts;
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    ended(status)?;
    match passed {
        0 => Err("find a test that passed".to_owned().into()),
        _ => Ok(()),
    }
}

#[test]
fn results_of_test_runners_are_added_up() {
    let mut counts = Counts::default();
    let ok = "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.1s\n";
    let bad = "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out";
    for line in [ok, bad, "test a ... ok", "9 passed"] {
        counts.add(line);
    }
    let expected = Counts {
        passed: 17,
        failed: 3,
        skipped: 1,
    };
    assert_eq!(counts, expected);
}
