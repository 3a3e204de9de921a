//! Workspace tasks: `cargo xtask COMMAND`. This file only dispatches; each command is one file.
//!
//! The crate has no dependencies, so a task starts within a second on a fresh checkout.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command speaks to whoever called it"
)]

mod bench;
mod book;
mod browser;
mod ci;
mod fixtures;
mod help;
mod process;
mod python;
mod real_model;
mod reproduce;
mod slurm;
mod tidy;
mod wheel;

use std::ffi::OsString;
use std::process::ExitCode;

/// A command of `cargo xtask`.
struct Task {
    name: &'static str,
    about: &'static str,
    run: fn(&[OsString]) -> Result<ExitCode, String>,
}

const TASKS: [Task; 12] = [
    Task {
        name: "reproduce",
        about: "build the workspace and run `outcrop reproduce` with the arguments that follow",
        run: reproduce::run,
    },
    Task {
        name: "ci",
        about: "run what must pass before a change lands, or the phases named; --list tells them",
        run: ci::run,
    },
    Task {
        name: "tidy",
        about: "check what the repository promises of itself: floors, names, lengths",
        run: tidy::run,
    },
    Task {
        name: "fixtures",
        about: "make fixtures again with their Python exporters and compare: all, or those named; --write replaces, --list tells",
        run: fixtures::run,
    },
    Task {
        name: "real-model",
        about: "measure a real model from PyPI straight from its GGUF, and compare with transformers on the same numbers",
        run: real_model::run,
    },
    Task {
        name: "test-slurm",
        about: "run a sweep on a real SLURM of one node, interrupt it, and compare with the same sweep without; needs root and apt",
        run: slurm::run,
    },
    Task {
        name: "test-report",
        about: "open reports in a real Chromium with Playwright and axe-core; needs npm, and apt where there is no Chromium",
        run: browser::run,
    },
    Task {
        name: "book",
        about: "build docs/ as an mdBook into target/book/html and check its links; needs PyPI",
        run: book::run,
    },
    Task {
        name: "bench",
        about: "compare Outcrop with its alternatives; without a name, list the benchmarks",
        run: bench::run,
    },
    Task {
        name: "wheel",
        about: "build the Python package into target/python/wheels with maturin from PyPI",
        run: wheel::run,
    },
    Task {
        name: "test-python",
        about: "install the wheel into a fresh environment and run pytest; --torch with PyTorch, --with PYTHON with the packages of another environment",
        run: wheel::test,
    },
    Task {
        name: "help",
        about: "list these commands",
        run: help::run,
    },
];

/// Exit code for a call that makes no sense, as opposed to work that failed (1).
const BAD_USE: u8 = 2;

/// Says on standard error what makes no sense.
fn bad_use(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(BAD_USE)
}

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
        let names: Vec<_> = TASKS.iter().map(|task| task.name).collect();
        return bad_use(&help::unknown("command", name, &names));
    };
    (task.run)(rest).unwrap_or_else(|message| {
        eprintln!("error: failed to {message}");
        ExitCode::FAILURE
    })
}
