//! Workspace tasks: `cargo xtask COMMAND`. This file only dispatches; each command is one file.
//!
//! Nothing here has dependencies, so that a task starts within a second on a fresh checkout.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command speaks to whoever called it"
)]

mod help;
mod process;
mod reproduce;
mod tidy;

use std::ffi::OsString;
use std::process::ExitCode;

/// A command of `cargo xtask`.
struct Task {
    name: &'static str,
    about: &'static str,
    run: fn(&[OsString]) -> Result<ExitCode, String>,
}

const TASKS: [Task; 3] = [
    Task {
        name: "reproduce",
        about: "build the workspace and run `outcrop reproduce` with the arguments that follow",
        run: reproduce::run,
    },
    Task {
        name: "tidy",
        about: "check what the repository promises of itself: floors, names, lengths",
        run: tidy::run,
    },
    Task {
        name: "help",
        about: "list these commands",
        run: help::run,
    },
];

/// Exit code for a call that makes no sense, as opposed to work that failed (1).
const BAD_USE: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let (name, rest) = match arguments.split_first() {
        None => ("help".into(), &[][..]),
        Some((first, rest)) => (first.to_string_lossy(), rest),
    };
    let name = match name.as_ref() {
        "-h" | "--help" => "help",
        name => name,
    };
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        eprintln!("error: {}", help::unknown(name));
        return ExitCode::from(BAD_USE);
    };
    (task.run)(rest).unwrap_or_else(|message| {
        eprintln!("error: failed to {message}");
        ExitCode::FAILURE
    })
}
