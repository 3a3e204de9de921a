//! `cargo xtask bench observe`: what observables add to a forward pass with the standard tap.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use crate::{bad_use, process};

pub(super) const ABOUT: &str = "what observables add to measuring a checkpoint, beside the standard tap alone \
     [--seconds N a list, 5] [--threads N, 1] [--only NAME,... as `measure --observe` takes it]";

pub(super) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    let (mut seconds, mut threads, mut only) = ("5".to_owned(), "1".to_owned(), None);
    let mut rest = arguments.iter().map(|a| a.to_string_lossy().into_owned());
    while let Some(name) = rest.next() {
        let value = rest.next().unwrap_or_default();
        let is_number = value.parse::<u32>().is_ok_and(|number| number > 0);
        match name.as_str() {
            "--seconds" if is_number => seconds = value,
            "--threads" if is_number => threads = value,
            "--only" if !value.is_empty() => only = Some(value),
            _ => {
                let message = format!("`{name} {value}` is no option; the benchmark is: {ABOUT}");
                return Ok(bad_use(&message));
            }
        }
    }
    let packages = ["build", "--package", "outcrop-series"];
    process::finish(
        process::cargo()
            .args(packages)
            .args(["--example", "observing_speed"]),
    )?;
    let program = format!("observing_speed{}", std::env::consts::EXE_SUFFIX);
    let mut command = Command::new(process::target()?.join("examples").join(program));
    command.arg(seconds).args(only);
    command.env("RAYON_NUM_THREADS", &threads);
    println!("Threads: {threads}. Medians, and in parentheses the fastest.\n");
    print!("{}", process::output(&mut command)?);
    Ok(ExitCode::SUCCESS)
}
