//! Tables in and out of the command: as other tools leave them, and in every form.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../common/mod.rs"]
mod common;
mod formats;
mod nothing;
mod round_trips;
mod run;
mod twice;

use std::path::{Path, PathBuf};
use std::process::Output;

use common::{files, outcrop, text};

/// Tables that `tests/fixtures/tables/export.py` wrote.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/tables")
        .join(name)
}

fn run(args: &[&str]) -> Output {
    outcrop().args(args).output().unwrap()
}

fn succeeded(args: &[&str]) -> (String, String) {
    let output = run(args);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{args:?}: {said}");
    (text(&output.stdout), said)
}

/// Runs the command, which must fail with status 1 and say every part.
fn refused(args: &[&str], parts: &[&str]) {
    let output = run(args);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
    for part in parts {
        assert!(
            said.contains(part),
            "{args:?} says nothing of {part}: {said}"
        );
    }
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

/// A trajectory of 14 points that can be fitted.
fn trajectories() -> String {
    let mut csv = String::from("model,layer,step,ratio\n");
    for i in 0..14u32 {
        let step = (1 << i) - 1;
        let ratio = 5.0 + 3.0 * (4.0 + f64::from(step)).ln() + 0.01 * f64::from(i % 3);
        csv += &format!("m,1,{step},{ratio}\n");
    }
    csv
}
