//! `cargo xtask bench calibration`: how often the intervals of the fitter hold the truth.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::process;

pub(super) const ABOUT: &str =
    "how often intervals hold the truth, in simulated series [SERIES a line, 400] [LEVEL, 0.9]";

pub(super) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    let mut cargo = process::cargo();
    cargo.args([
        "run",
        "--quiet",
        "--package",
        "outcrop-fit",
        "--example",
        "calibration",
        "--",
    ]);
    process::become_it(cargo.args(arguments))
}
