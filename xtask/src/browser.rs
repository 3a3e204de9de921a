//! `cargo xtask test-report`: reports in a real Chromium, driven by Playwright; axe-core looks for faults.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::process;

/// Programs that are Chromium, in the order in which they are looked for.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];

/// Reports that are looked at: folder, models, layers.
const STUDIES: [[&str; 3]; 2] = [["small", "6", "5"], ["large", "200", "24"]];

/// Runs the test, or says why it is skipped.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    if let Some(argument) = arguments.first() {
        let argument = argument.to_string_lossy();
        return Ok(crate::bad_use(&format!(
            "`{argument}`: test-report takes no arguments"
        )));
    }
    let folder = process::target()?.join("report-in-a-browser");
    let ready = installed(&folder).and_then(|()| browser());
    let browser = match ready {
        Ok(browser) => browser,
        Err(why) => {
            println!("test-report: skipped, since {why}");
            return Ok(ExitCode::SUCCESS);
        }
    };
    // with the features of the whole workspace, as the tests have built it
    let mut build = process::cargo();
    build.args(["build", "--quiet", "--locked", "--workspace"]);
    process::finish(build.args(["--example", "draw_a_study"]))?;
    let draw = process::target()?.join("examples/draw_a_study");
    for [name, models, layers] in STUDIES {
        let mut draw = Command::new(&draw);
        process::finish(draw.arg(folder.join(name)).args([models, layers]))?;
    }
    let mut node = Command::new("node");
    node.arg(folder.join("check.mjs"));
    process::finish(node.arg(browser).arg(&folder))?;
    println!(
        "test-report: passed; pictures are in {}",
        folder.join("pictures").display()
    );
    Ok(ExitCode::SUCCESS)
}

/// Puts the script and the packages that it needs into `folder`.
fn installed(folder: &Path) -> Result<(), String> {
    let source =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/outcrop-report/tests/browser");
    fs::create_dir_all(folder).map_err(|e| format!("make {}: {e}", folder.display()))?;
    for name in ["package.json", "check.mjs"] {
        let copied = fs::copy(source.join(name), folder.join(name));
        copied.map_err(|e| format!("copy {name} into {}: {e}", folder.display()))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund"]);
    let done = npm.current_dir(folder).stdout(Stdio::null()).status();
    match done {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("npm install ended with {status}")),
        Err(e) => Err(format!("npm does not start: {e}")),
    }
}

/// A Chromium of this machine; where there is none, that of Debian, if apt-get may install it.
fn browser() -> Result<PathBuf, String> {
    if let Some(found) = found() {
        return Ok(found);
    }
    let mut install = Command::new("apt-get");
    install.args([
        "install",
        "-y",
        "--no-install-recommends",
        "chromium",
        "fonts-dejavu-core",
    ]);
    let _ = install.stdout(Stdio::null()).stderr(Stdio::null()).status();
    found().ok_or_else(|| "there is no Chromium, and apt-get did not install one".into())
}

fn found() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let at = |name: &str| folders.iter().map(|f| f.join(name)).find(|p| p.is_file());
    BROWSERS.into_iter().find_map(at)
}
