//! The phase of packages. Cargo's own verification builds each package and all its dependencies again, in another
//! profile. This phase unpacks all packages as a workspace and type-checks it, with the dependencies that are already
//! compiled; it still finds anything that a package lacks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Failure, finish};
use crate::process;

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The crates in `crates` that are no members of the workspace.
const OUTSIDE: [&str; 1] = ["outcrop-python"];

/// The names of the workspace's crates in `crates`.
pub(super) fn crates() -> Result<Vec<String>, String> {
    let failed = |e| format!("read crates: {e}");
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("crates")).map_err(failed)? {
        let folder = entry.map_err(failed)?;
        if folder.path().join("Cargo.toml").is_file() {
            names.push(folder.file_name().to_string_lossy().into_owned());
        }
    }
    names.retain(|name: &String| !OUTSIDE.contains(&name.as_str()));
    names.sort();
    Ok(names)
}

/// Packages with `command`, then checks what was packaged.
pub(super) fn run(command: &mut Command) -> Result<(), Failure> {
    finish(command)?;
    let target = process::target()?;
    let target = target.parent().ok_or("find the target folder".to_owned())?;
    let (packages, folder) = (target.join("package"), target.join("packages"));
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|e| format!("empty {}: {e}", folder.display()))?;
    }
    unpack(&packages, &folder)?;
    let mut check = process::cargo();
    check.args(["check", "--workspace", "--offline", "--target-dir"]);
    check.arg(target).current_dir(&folder);
    finish(&mut check)
}

/// Makes a workspace of the packages: with the profiles and the lock file of ours.
fn unpack(packages: &Path, folder: &Path) -> Result<(), String> {
    let read = |name: &str| {
        let path = root().join(name);
        fs::read_to_string(&path).map_err(|e| format!("read {}: {e}", path.display()))
    };
    fs::create_dir_all(folder).map_err(|e| format!("make {}: {e}", folder.display()))?;
    let ours = read("Cargo.toml")?;
    let version = version(&ours).ok_or("find the version in Cargo.toml".to_owned())?;
    let names = crates()?;
    for name in &names {
        let package = packages.join(format!("{name}-{version}.crate"));
        let mut tar = Command::new("tar");
        // files in a package all have one date, so Cargo would take what changed for what it checked last time: `m`
        process::finish(tar.arg("-xzmf").arg(&package).arg("-C").arg(folder))?;
    }
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|e| format!("write {}: {e}", path.display()))
    };
    write("Cargo.toml", &manifest(&names, version, &ours))?;
    write("Cargo.lock", &read("Cargo.lock")?)
}

/// The version that all crates have.
fn version(manifest: &str) -> Option<&str> {
    let line = manifest.lines().find(|l| l.starts_with("version = "))?;
    line.split('"').nth(1)
}

/// A workspace of packages that find each other, with the profiles of `ours`.
fn manifest(names: &[String], version: &str, ours: &str) -> String {
    let profiles = ours.find("[profile.").map_or("", |at| &ours[at..]);
    let patch = |name: &String| format!("{name} = {{ path = \"{name}-{version}\" }}\n");
    let patches: String = names.iter().map(patch).collect();
    format!(
        "[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\n\n[patch.crates-io]\n{patches}\n{profiles}"
    )
}

#[test]
fn packages_find_each_other_and_keep_the_profiles() {
    let ours = "[workspace.package]\nversion = \"1.2.3\"\n\n[profile.dev]\nopt-level = 1\n";
    let text = manifest(&["a".into()], version(ours).unwrap(), ours);
    assert!(text.contains("a = { path = \"a-1.2.3\" }"), "{text}");
    assert!(text.ends_with("[profile.dev]\nopt-level = 1\n"), "{text}");
}
