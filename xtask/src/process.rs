//! Starting other programs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// The cargo that started this task.
pub(crate) fn cargo() -> Command {
    let mut cargo =
        Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    // These describe xtask. Build scripts that watch them (ring's does) would run again each time
    // that cargo is started from here after it was started from a shell, or the other way round.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo
}

/// Runs `command` to its end and wants success.
pub(crate) fn finish(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|e| unstarted(command, &e))?;
    if status.success() {
        return Ok(());
    }
    Err(format!("run {}: {status}", command.get_program().display()))
}

/// Runs `command` to its end, wants success and returns what it wrote on standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    command.stderr(Stdio::inherit());
    let output = command.output().map_err(|e| unstarted(command, &e))?;
    if !output.status.success() {
        let program = command.get_program().display();
        return Err(format!("run {program}: {}", output.status));
    }
    String::from_utf8(output.stdout)
        .map_err(|e| format!("read what {} wrote: {e}", command.get_program().display()))
}

/// Becomes `command`, so that signals such as Ctrl-C reach it and its exit code is ours. Returns
/// only where it could not be started.
#[cfg(unix)]
pub(crate) fn become_it(command: &mut Command) -> Result<ExitCode, String> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(unstarted(command, &error))
}

/// Runs `command` and hands on its exit code.
#[cfg(not(unix))]
pub(crate) fn become_it(command: &mut Command) -> Result<ExitCode, String> {
    let status = command.status().map_err(|e| unstarted(command, &e))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// The folder of this build's programs.
pub(crate) fn target() -> Result<PathBuf, String> {
    let us = std::env::current_exe().map_err(|e| format!("find this program: {e}"))?;
    us.parent()
        .map(Path::to_owned)
        .ok_or("find this program's folder".into())
}

/// How many wanted a processor in the last minute, where /proc tells.
pub(crate) fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().map_or("?".into(), Into::into)
}

/// What is said of a `command` that does not start.
pub(crate) fn unstarted(command: &Command, error: &std::io::Error) -> String {
    format!("start {}: {error}", command.get_program().display())
}
