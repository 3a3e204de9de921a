//! `cargo xtask bench sweep`: how much of a sweep of tiny runs is training.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use super::training;
use crate::{bad_use, process};

pub(super) const ABOUT: &str =
    "how much of the time of a sweep of 1000 runs of 5 steps is training, with two jobs";

pub(super) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    if let Some(argument) = arguments.first() {
        let argument = argument.to_string_lossy();
        return Ok(bad_use(&format!(
            "`{argument}`: bench sweep takes no arguments"
        )));
    }
    let program = training::build(&process::target()?, "sweep_share")?;
    process::finish(&mut Command::new(program))?;
    Ok(ExitCode::SUCCESS)
}
