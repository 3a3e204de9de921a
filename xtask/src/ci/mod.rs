//! `cargo xtask ci`: the checks that must pass before a change lands, phase by phase.
//!
//! Dependencies are compiled once for running (the tests) and once for checking (clippy, which the
//! documentation, the GPU checks and the packages build upon).

mod package;
mod tests;

use std::ffi::OsString;
use std::process::{Command, ExitCode};
use std::time::Instant;

use crate::{bad_use, help, process};

/// A phase: one call of cargo, and what follows on it.
struct Phase {
    name: &'static str,
    about: &'static str,
    env: &'static [(&'static str, &'static str)],
    /// The call of cargo.
    arguments: &'static [&'static str],
    run: fn(&mut Command) -> Result<(), Failure>,
    /// Whether it runs without being named.
    always: bool,
}

/// Why a phase failed, with the exit code that is ours then.
struct Failure {
    why: String,
    code: u8,
}

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Self { why, code: 1 }
    }
}

impl Phase {
    const fn new(
        name: &'static str,
        about: &'static str,
        arguments: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            about,
            env: &[],
            arguments,
            run: finish,
            always: true,
        }
    }

    /// The call as a shell would take it.
    fn call(&self) -> String {
        let env = self
            .env
            .iter()
            .map(|(name, value)| match value.contains(' ') {
                true => format!("{name}=\"{value}\""),
                false => format!("{name}={value}"),
            });
        let env: Vec<_> = env.collect();
        let env = match env.is_empty() {
            true => String::new(),
            false => format!("env {} ", env.join(" ")),
        };
        format!("{env}cargo {}", self.arguments.join(" "))
    }

    /// Runs the phase and says how long it took, or that it failed.
    fn go(&self) -> Result<(), ExitCode> {
        println!("== {}: {}", self.name, self.call());
        let from = Instant::now();
        let mut cargo = process::cargo();
        cargo.args(self.arguments).envs(self.env.iter().copied());
        let result = (self.run)(&mut cargo);
        let (name, seconds) = (self.name, from.elapsed().as_secs());
        result
            .map(|()| println!("== {name}: passed in {seconds} s"))
            .map_err(|Failure { why, code }| {
                eprintln!("error: failed to {why}");
                println!("== {name}: FAILED after {seconds} s (exit code {code})");
                ExitCode::from(code)
            })
    }
}

const PHASES: [Phase; 15] = [
    Phase::new(
        "fetch",
        "fetch what Cargo.lock names",
        &["fetch", "--locked"],
    ),
    Phase::new(
        "format",
        "rustfmt changes nothing",
        &["fmt", "--all", "--check"],
    ),
    Phase::new(
        "clippy",
        "clippy warns of nothing",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ],
    ),
    Phase {
        env: &[("RUSTDOCFLAGS", "-D warnings")],
        ..Phase::new(
            "docs",
            "rustdoc warns of nothing",
            &["doc", "--workspace", "--no-deps", "--locked"],
        )
    },
    // No GPU is needed: the GPU backends are type-checked. DOCS_RS keeps the build script of the CUDA
    // backend from downloading LLVM, which a type-check does not need.
    Phase::new("wgpu", "the wgpu backend type-checks", &gpu("wgpu")),
    Phase::new("vulkan", "the Vulkan backend type-checks", &gpu("vulkan")),
    Phase {
        env: &[("DOCS_RS", "1")],
        ..Phase::new("cuda", "the CUDA backend type-checks", &gpu("cuda"))
    },
    Phase {
        run: package::run,
        ..Phase::new(
            "package",
            "each crate packages, and the packages type-check without the workspace",
            &[
                "package",
                "--workspace",
                "--locked",
                "--no-verify",
                "--allow-dirty",
            ],
        )
    },
    Phase {
        run: crates_alone,
        always: false,
        ..Phase::new(
            "crates",
            "each crate type-checks alone; only when named, since it compiles dependencies several times",
            &["check", "--locked"],
        )
    },
    Phase {
        run: tests::run,
        ..Phase::new("test", "all tests", &["test", "--workspace", "--locked"])
    },
    Phase {
        always: false,
        ..Phase::new(
            "slurm",
            "a sweep on a real SLURM ends with the bits of one without; only when named, and skipped without root and apt",
            &["xtask", "test-slurm"],
        )
    },
    // What follows needs registries of other languages, and says so where it has none. The tests of the package run
    // the command, which the tests before have built.
    Phase::new(
        "book",
        "the pages in docs/ are a book whose links lead somewhere; skipped without PyPI",
        &["xtask", "book"],
    ),
    // It compiles three hundred packages in a workspace of its own.
    Phase {
        always: false,
        ..Phase::new(
            "python",
            "the wheel builds and its tests pass; only when named, and skipped without venv, pip and PyPI",
            &["xtask", "test-python"],
        )
    },
    Phase {
        always: false,
        ..Phase::new(
            "report",
            "reports work in a real Chromium; only when named, and skipped without npm, or a Chromium or apt",
            &["xtask", "test-report"],
        )
    },
    // PyTorch is some gigabytes.
    Phase {
        always: false,
        ..Phase::new(
            "torch",
            "the tests of the Python package that need PyTorch pass; only when named",
            &["xtask", "test-python", "--torch"],
        )
    },
];

const fn gpu(backend: &'static str) -> [&'static str; 7] {
    [
        "check",
        "--package",
        "outcrop",
        "--locked",
        "--no-default-features",
        "--features",
        backend,
    ]
}

/// Runs the phases that `arguments` name, or all that run unnamed, in the order of the list, until one fails.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    let names: Vec<_> = arguments.iter().map(|a| a.to_string_lossy()).collect();
    if names.iter().any(|name| name == "--list") {
        for phase in &PHASES {
            println!("  {:<8} {}", phase.name, phase.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    for name in &names {
        if !PHASES.iter().any(|phase| phase.name == name) {
            let known = PHASES.map(|phase| phase.name);
            return Ok(bad_use(&help::unknown("phase", name, &known)));
        }
    }
    let wanted = |phase: &&Phase| match names.is_empty() {
        true => phase.always,
        false => names.iter().any(|name| name == phase.name),
    };
    for phase in PHASES.iter().filter(wanted) {
        if let Err(code) = phase.go() {
            return Ok(code);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs the call to its end.
fn finish(command: &mut Command) -> Result<(), Failure> {
    let status = command
        .status()
        .map_err(|e| process::unstarted(command, &e))?;
    ended(status)
}

fn ended(status: std::process::ExitStatus) -> Result<(), Failure> {
    if status.success() {
        return Ok(());
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Err(Failure {
        why: format!("run cargo: {status}"),
        code: code.unwrap_or(1),
    })
}

/// The call once for each crate.
fn crates_alone(command: &mut Command) -> Result<(), Failure> {
    for name in package::crates()? {
        println!("-- {name}");
        let mut alone = process::cargo();
        alone.args(command.get_args()).args(["--package", &name]);
        finish(&mut alone)?;
    }
    Ok(())
}

#[test]
fn a_phase_is_told_as_a_shell_would_take_it() {
    let told = |name| PHASES.iter().find(|p| p.name == name).map(Phase::call);
    let docs = "env RUSTDOCFLAGS=\"-D warnings\" cargo doc --workspace --no-deps --locked";
    assert_eq!(told("docs").as_deref(), Some(docs));
    assert_eq!(told("fetch").as_deref(), Some("cargo fetch --locked"));
}
