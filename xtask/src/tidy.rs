//! `cargo xtask tidy`: the repository's rules, which are tests (`tests/tidy/`).

use std::ffi::OsString;
use std::process::ExitCode;

use crate::process;

/// Runs the tidy tests alone; `arguments` go to the test runner (a name to filter by, say).
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    let mut test = process::cargo();
    test.args([
        "test",
        "--quiet",
        "--package",
        "xtask",
        "--test",
        "tidy",
        "--",
    ]);
    process::become_it(test.args(arguments))
}
