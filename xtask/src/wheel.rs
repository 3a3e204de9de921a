//! `cargo xtask wheel` and `cargo xtask test-python`: the Python package.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::{bad_use, process, python};

/// No wheel is larger, in bytes.
const MOST: u64 = 12_000_000;

/// Builds the wheel into the folder `python/wheels` of the target folder.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    if !arguments.is_empty() {
        return Ok(bad_use("wheel takes no arguments"));
    }
    if let Some(why) = unable("python3".as_ref()) {
        return Err(format!("build a wheel: {why}"));
    }
    build().map(|_| ExitCode::SUCCESS)
}

/// Installs the wheel into a fresh environment and runs pytest. `--with PYTHON` takes the other packages from the
/// environment of that interpreter (so does the variable OUTCROP_PYTHON); `--torch` installs PyTorch, too. Further
/// arguments are those of pytest. Where packages cannot be had it says that it is skipped.
pub(crate) fn test(arguments: &[OsString]) -> Result<ExitCode, String> {
    let (mut with, mut torch) = (std::env::var_os("OUTCROP_PYTHON"), false);
    let mut rest = arguments;
    loop {
        match rest {
            [flag, path, more @ ..] if flag == "--with" => {
                (with, rest) = (Some(path.clone()), more)
            }
            [flag, more @ ..] if flag == "--torch" => (torch, rest) = (true, more),
            _ => break,
        }
    }
    let packages = match ready(with, torch) {
        Ok(packages) => packages,
        Err(why) => {
            println!("test-python: skipped, since {why}");
            return Ok(ExitCode::SUCCESS);
        }
    };
    let wheel = build()?;
    let python = fresh(&packages, &wheel)?;
    let mut pytest = Command::new(python);
    pytest
        .args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider"])
        .args(rest);
    pytest.current_dir(root());
    let command = process::target()?.join("outcrop");
    if command.exists() && std::env::var_os("OUTCROP_COMMAND").is_none() {
        pytest.env("OUTCROP_COMMAND", command);
    }
    python::one_thread(&mut pytest);
    process::finish(&mut pytest).map(|()| ExitCode::SUCCESS)
}

/// The Python with the packages of the tests, once all is there that the wheel is built with.
fn ready(with: Option<OsString>, torch: bool) -> Result<PathBuf, String> {
    let system = with.clone().unwrap_or_else(|| "python3".into());
    if let Some(why) = unable(system.as_ref()) {
        return Err(why);
    }
    tools()?;
    let mut fetch = process::cargo();
    fetch.args(["fetch", "--locked", "--manifest-path"]);
    process::finish(fetch.arg(package().join("Cargo.toml")))?;
    match with {
        Some(python) => Ok(PathBuf::from(python)),
        None => pinned(torch),
    }
}

/// Why nothing can be installed with this interpreter; none if it can.
pub(crate) fn unable(python: &Path) -> Option<String> {
    let mut ask = Command::new(python);
    ask.args(["-c", "import ensurepip, venv"]);
    ask.stdout(Stdio::null()).stderr(Stdio::null());
    let name = python.display();
    match ask.status() {
        Err(_) => Some(format!("there is no {name}")),
        Ok(status) if !status.success() => Some(format!(
            "{name} has no venv or no pip (Debian: python3-venv)"
        )),
        Ok(_) => None,
    }
}

/// The environment that holds what the tests pin.
fn pinned(torch: bool) -> Result<PathBuf, String> {
    let name = match torch {
        true => "requirements-torch.txt",
        false => "requirements.txt",
    };
    let requirements = package().join("tests").join(name);
    python::environment(&folder()?.join(name.replace(".txt", "")), &requirements)
}

/// The Python with maturin.
fn tools() -> Result<PathBuf, String> {
    let requirements = package().join("build-requirements.txt");
    python::environment(&folder()?.join("maturin"), &requirements)
}

/// Builds the wheel, refuses one that is too large, and returns its path.
fn build() -> Result<PathBuf, String> {
    let python = tools()?;
    let wheels = folder()?.join("wheels");
    if wheels.exists() {
        fs::remove_dir_all(&wheels).map_err(|e| format!("empty {}: {e}", wheels.display()))?;
    }
    let mut maturin = Command::new(python);
    maturin.args(["-m", "maturin", "build", "--release", "--out"]);
    maturin.arg(&wheels).current_dir(root());
    maturin.env("CARGO_TARGET_DIR", folder()?);
    process::finish(&mut maturin)?;
    let failed = |e| format!("read {}: {e}", wheels.display());
    let mut entries = fs::read_dir(&wheels).map_err(failed)?;
    let wheel = entries.next().ok_or("find the wheel".to_owned())?;
    let wheel = wheel.map_err(failed)?.path();
    let bytes = size(&wheel)?;
    println!("{}: {:.1} MB", wheel.display(), bytes as f64 / 1e6);
    match bytes <= MOST {
        true => Ok(wheel),
        false => Err(format!("keep the wheel small: at most {MOST} bytes")),
    }
}

/// The Python of a fresh environment with the wheel, which sees the packages of the environment of `packages`.
fn fresh(packages: &Path, wheel: &Path) -> Result<PathBuf, String> {
    let venv = folder()?.join("fresh");
    let mut make = Command::new(packages);
    process::finish(make.args(["-m", "venv", "--clear"]).arg(&venv))?;
    let python = venv.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    let place = |python: &Path| {
        let code = "import sysconfig; print(sysconfig.get_path('purelib'))";
        process::output(Command::new(python).args(["-c", code]))
    };
    let path = Path::new(place(&python)?.trim()).join("packages.pth");
    // by `addsitedir`, so that the .pth files there count, too
    let text = format!(
        "import site; site.addsitedir(r'{}')\n",
        place(packages)?.trim()
    );
    fs::write(&path, text).map_err(|e| format!("write {}: {e}", path.display()))?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--no-deps"]);
    process::finish(install.arg("--force-reinstall").arg(wheel))?;
    Ok(python)
}

fn size(path: &Path) -> Result<u64, String> {
    let metadata = fs::metadata(path).map_err(|e| format!("read {}: {e}", path.display()))?;
    Ok(metadata.len())
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The crate of the package.
fn package() -> PathBuf {
    root().join("crates/outcrop-python")
}

/// Where everything of Python is built: beside the programs of the workspace, so that CI keeps it.
fn folder() -> Result<PathBuf, String> {
    let programs = process::target()?;
    let target = programs.parent().ok_or("find the target folder")?;
    Ok(target.join("python"))
}

#[test]
fn an_interpreter_that_is_not_there_is_named() {
    let why = unable("no-such-python".as_ref()).unwrap();
    assert_eq!(why, "there is no no-such-python");
}
