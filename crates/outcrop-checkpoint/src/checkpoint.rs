use std::fs;
use std::path::{Path, PathBuf};

use outcrop_core::{create_folder, sync_folder, sync_tree};

use crate::sums::write_sums;
use crate::{Error, Result, parse_step_folder, step_folder};

/// How a folder or file that is being written is named.
const PARTIAL: &str = ".partial-";
/// How a checkpoint that is being replaced is named, before its own name.
const REPLACED: &str = ".replaced-";

/// Writes the checkpoint of `step` in `dir`, completely or not at all, and returns its folder. `fill`
/// gets an empty folder and writes files and subfolders into it; `SHA256SUMS` is added, everything
/// is brought to the disk, and only then the folder takes its name ([`step_folder`]). A checkpoint
/// of that step that is already there is replaced. `dir` is created if need be.
///
/// # Errors
/// What `fill` fails with; [`Error::DuplicateStep`] where the step has a folder of another
/// spelling, [`Error::Unlistable`] for a file that cannot be listed, [`Error::Core`] with the path.
/// An earlier checkpoint is left unchanged.
pub fn write_checkpoint<E: From<Error>>(
    dir: &Path,
    step: u64,
    fill: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<PathBuf, E> {
    let target = dir.join(step_folder(step));
    let partial = start(dir, step, &target)?;
    fill(partial.path())?;
    finish(dir, partial, &target)?;
    Ok(target)
}

fn start(dir: &Path, step: u64, target: &Path) -> Result<tempfile::TempDir> {
    let io = |e| Error::io("write into folder", dir, e);
    create_folder(dir)?;
    for entry in fs::read_dir(dir).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path.file_name().and_then(|n| n.to_str());
        if name.and_then(parse_step_folder) == Some(step) && path != target {
            return Err(Error::DuplicateStep {
                step,
                first: target.into(),
                second: path,
            });
        }
    }
    tempfile::Builder::new()
        .prefix(PARTIAL)
        .tempdir_in(dir)
        .map_err(io)
}

fn finish(dir: &Path, partial: tempfile::TempDir, target: &Path) -> Result<()> {
    write_sums(partial.path())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(partial.path(), fs::Permissions::from_mode(0o755))
            .map_err(|e| Error::io("write", partial.path(), e))?;
    }
    sync_tree(partial.path())?;
    let io = |e| Error::io("write", target, e);
    let replaced = dir.join(format!("{REPLACED}{}", name_of(target)));
    let replaces = target.exists();
    if replaces {
        remove(&replaced)?;
        fs::rename(target, &replaced).map_err(io)?;
    }
    if let Err(e) = fs::rename(partial.path(), target) {
        if replaces {
            fs::rename(&replaced, target).map_err(io)?;
        }
        return Err(io(e));
    }
    // It has its name now: nothing is left for the temporary folder to remove.
    let _ = partial.keep();
    sync_folder(dir)?;
    if replaces {
        remove(&replaced)?;
    }
    Ok(())
}

/// Removes what processes that were killed left in `dir`, and puts back a checkpoint that one was
/// about to replace. To be called only while nothing writes into `dir`, as at the start of a run.
///
/// # Errors
/// [`Error::Core`] with the path.
pub fn clean(dir: &Path) -> Result<()> {
    let io = |e| Error::io("read folder", dir, e);
    for entry in fs::read_dir(dir).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = name_of(&path);
        if name.starts_with(PARTIAL) {
            remove(&path)?;
        } else if let Some(original) = name.strip_prefix(REPLACED) {
            let original = dir.join(original);
            match original.exists() {
                true => remove(&path)?,
                false => {
                    fs::rename(&path, &original).map_err(|e| Error::io("restore", &original, e))?;
                }
            }
        }
    }
    Ok(sync_folder(dir)?)
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Removes a file or a folder with all it holds; fine if it is not there.
fn remove(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(m) if m.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) => Err(e),
    };
    match removed {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path, e)),
        _ => Ok(()),
    }
}
