//! Python with pinned packages, in a separate virtual environment.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process;

/// The Python of the environment in `folder`, which holds what the file `requirements` pins. It is
/// made once, and anew when the file has changed.
pub(crate) fn environment(folder: &Path, requirements: &Path) -> Result<PathBuf, String> {
    let python = folder.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    let wanted = read(requirements)?;
    // written last, so that an environment made by halves does not count
    let stamp = folder.join("requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return Ok(python);
    }
    eprintln!("making {}", folder.display());
    let system = if cfg!(windows) { "python" } else { "python3" };
    process::finish(
        Command::new(system)
            .args(["-m", "venv", "--clear"])
            .arg(folder),
    )?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--requirement"]);
    process::finish(install.arg(requirements))?;
    fs::write(&stamp, wanted).map_err(|e| format!("write {}: {e}", stamp.display()))?;
    Ok(python)
}

/// The Python with PyTorch that the benchmarks of measuring and of training share.
pub(crate) fn pytorch(crates: &Path, bench: &Path) -> Result<PathBuf, String> {
    let requirements = crates.join("outcrop-forward/benches/pytorch/requirements.txt");
    environment(&bench.join("venv-pytorch"), &requirements)
}

/// Keeps numerical libraries to one thread.
pub(crate) fn one_thread(command: &mut Command) -> &mut Command {
    let variables = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"];
    command.envs(variables.map(|name| (name, "1")))
}

/// Makes `folder` by the `script`, which is given it as its argument, once, and anew when the script has
/// changed.
pub(crate) fn made_by(python: &Path, script: &Path, folder: &Path) -> Result<(), String> {
    made_with(python, script, folder, &[])
}

/// The same with further `arguments`.
pub(crate) fn made_with(
    python: &Path,
    script: &Path,
    folder: &Path,
    arguments: &[&str],
) -> Result<(), String> {
    let wanted = read(script)?;
    let stamp = folder.join("made-by.py");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return Ok(());
    }
    eprintln!("making {}", folder.display());
    process::finish(Command::new(python).arg(script).arg(folder).args(arguments))?;
    fs::write(&stamp, wanted).map_err(|e| format!("write {}: {e}", stamp.display()))
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("read {}: {e}", path.display()))
}
