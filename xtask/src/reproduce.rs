//! `cargo xtask reproduce`: one build for running and testing, then `outcrop reproduce`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::process;

/// Builds `outcrop` and becomes `outcrop reproduce`; all `arguments` are passed on.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    // All sources, also of packages that this platform does not build: they are the corpus `crates`.
    process::finish(process::cargo().args(["fetch", "--locked", "--quiet"]))?;
    process::finish(&mut build(arguments))?;
    let outcrop = beside_us("outcrop")?;
    process::become_it(Command::new(outcrop).arg("reproduce").args(arguments))
}

/// The build, of the same units as `cargo test --workspace`.
///
/// Cargo joins the features that all selected packages ask of a dependency, and counts development
/// dependencies only where a test or an example is selected too. So we select the whole workspace
/// and one small test; `cargo run -p outcrop` could compile dependencies a second time.
pub(crate) fn build(arguments: &[OsString]) -> Command {
    let mut build = process::cargo();
    build.args(["build", "--workspace", "--bin", "outcrop", "--test", "tidy"]);
    if let Some(backend) = gpu_backend(arguments) {
        build.arg("--features").arg(format!("outcrop/{backend}"));
    }
    build
}

/// The GPU backend that `--backend` names: a feature of the build. Anything else (the CPU backend,
/// a slip) needs none, and `outcrop` says what it thinks of it.
fn gpu_backend(arguments: &[OsString]) -> Option<&'static str> {
    let mut arguments = arguments.iter().filter_map(|a| a.to_str());
    while let Some(argument) = arguments.next() {
        let named = match argument.split_once('=') {
            Some(("--backend", value)) => Some(value),
            None if argument == "--backend" => arguments.next(),
            _ => continue,
        };
        return ["wgpu", "vulkan", "cuda"]
            .into_iter()
            .find(|&b| named == Some(b));
    }
    None
}

/// A binary of this build. It lies beside this program, wherever cargo was told to build.
pub(crate) fn beside_us(name: &str) -> Result<PathBuf, String> {
    let us = std::env::current_exe().map_err(|e| format!("find this program: {e}"))?;
    Ok(us.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backend(arguments: &str) -> Option<&'static str> {
        let arguments: Vec<OsString> = arguments.split_whitespace().map(Into::into).collect();
        gpu_backend(&arguments)
    }

    #[test]
    fn a_gpu_backend_becomes_a_feature() {
        assert_eq!(backend("--profile quick --backend wgpu"), Some("wgpu"));
        assert_eq!(backend("--backend=vulkan --seed 1"), Some("vulkan"));
    }

    #[test]
    fn the_cpu_backend_and_slips_need_no_feature() {
        for arguments in [
            "",
            "--backend flex",
            "--backend",
            "--backend=wpgu",
            "--out wgpu",
        ] {
            assert_eq!(backend(arguments), None, "{arguments}");
        }
    }
}
