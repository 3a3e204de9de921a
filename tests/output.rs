//! Output that cannot be written: it is never lost without an error.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;
#[path = "common/measured.rs"]
mod measured;

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use common::{files, outcrop, text};

const TRAIN: &str = "train runs/m0/run.toml --out trained";

/// Every command that prints, in each form that it has.
const COMMANDS: &[&str] = &[
    "--help",
    "--version",
    "fit --help",
    "help train",
    "completions bash",
    "runs",
    "families",
    "completions fish",
    "train --print-default",
    "train --print-schema",
    "reproduce --print-profile tiny",
    TRAIN,
    "train runs/m0/run.toml --out seeds --seed 1,2",
    "reproduce --profile tiny.toml --out tiny",
    "sweep tiny.toml --out swept",
    "measure trained --out got",
    "measure trained --out other --set-zero",
    "measure trained --out split --engine slurm --dry-run",
    "audit trained",
    "audit trained --format json",
    "audit trained --format csv",
    "import published --out imported",
    "import statistics --out statistics-imported",
    "compare runs/m0 runs/m1",
    "compare runs/m0 runs/m1 --format json",
    "fit runs/m0",
    "fit runs/m0/measurements.csv",
    "fit runs/m0/measurements.csv --format csv",
    "fit runs/m0/measurements.csv --format json",
    "fit runs/m0/measurements.csv --backtest 0.7",
    "fit runs/m0/measurements.csv --backtest 0.7 --format csv",
    "forecast runs/m0 --at 9000",
    "forecast runs/m0 --at 9000 --format csv",
    "onset runs/m0",
    "onset runs/m0 --format csv",
    "synchrony observables.csv --p 1",
    "synchrony observables.csv --p 1 --format csv",
    "phases runs/m0",
    "phases runs/m0 --format json",
    "predict --layers 2 --d-model 32 --heads 2",
    "predict runs",
    "predict runs --format csv",
    "explain runs --repeats 2",
    "design runs --target f_max<1000 --vary layers --format csv",
    "design runs --target f_max<1000 --vary layers",
    "design runs --target f_max<1000 --vary layers,d_model --verify 2 --verify-out verified",
    "linear --steps 20 --measure 0,every:5 --out linear",
    "report runs/m0",
    "watch runs/m0 --once",
    "export runs/m0 --tensorboard --out board",
    "export runs/m0 --jsonl --out lines",
];

const PROFILE: &str = "name = 'p'
description = ''
[base]
arch = { layers = 1, d_model = 16, heads = 2, context = 16 }
train = { steps = 4, batch = 2, warmup = 1 }
schedule = { measure = '0,every:1' }
[[runs]]
model = 'a'
";

const STATISTICS: &str = r#"{"model_name": "m", "num_hidden_layers": 1, "num_samples": 1,
    "per_layer_stats": {"layer_0_hidden": {"top5_abs": [5, 4, 3, 2, 1]}}}"#;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    measured::six_models(&here.join("runs"));
    std::fs::write(here.join("tiny.toml"), PROFILE).unwrap();
    let published =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../outcrop-core/tests/fixtures/published");
    std::os::unix::fs::symlink(published, here.join("published")).unwrap();
    let statistics = here.join("statistics");
    std::fs::create_dir_all(&statistics).unwrap();
    std::fs::write(statistics.join("m_top5_stats.json"), STATISTICS).unwrap();
    let row = |i: u32| {
        let (step, norm) = (
            1 << i,
            if i < 9 {
                1.0
            } else {
                8.0 + 0.01 * f64::from(i % 3)
            },
        );
        let rows = ["norm_first", "top1"]
            .map(|name| format!("m,{step},1,,residual-stream,{name},{norm},,1\n"));
        rows.concat()
    };
    let header = "model,step,layer,head,place,observable,value,sem,n\n";
    let rows: String = (0..18).map(row).collect();
    std::fs::write(here.join("observables.csv"), header.to_owned() + &rows).unwrap();
    folder
}

fn run(folder: &Path, command: &str, out: Stdio, errors: Stdio) -> Output {
    let mut process = outcrop();
    process.args(command.split(' ')).current_dir(folder);
    process.stdout(out).stderr(errors).output().unwrap()
}

/// A device that is always full.
fn full() -> Stdio {
    let full = OpenOptions::new().write(true).open("/dev/full");
    full.unwrap().into()
}

fn lines(errors: &[u8]) -> Vec<String> {
    text(errors).lines().map(str::to_owned).collect()
}

#[test]
#[cfg(target_os = "linux")]
fn every_command_says_that_its_output_could_not_be_written() {
    let tried = COMMANDS.iter().filter_map(|c| c.split(' ').next());
    let tried: BTreeSet<String> = tried.map(str::to_owned).collect();
    for known in outcrop::cli::command().get_subcommands() {
        assert!(tried.contains(known.get_name()), "{}", known.get_name());
    }
    let folder = folder();
    for command in COMMANDS {
        let output = run(folder.path(), command, full(), Stdio::piped());
        let errors = lines(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{command}: {errors:?}");
        assert_eq!(
            errors.last().map(String::as_str),
            Some("error: failed to write standard output: No space left on device (os error 28)"),
            "{command}: {errors:?}"
        );
        let told = errors.iter().filter(|line| line.starts_with("error: "));
        assert_eq!(told.count(), 1, "{command}: {errors:?}");
    }
    // the work was done all the same
    for made in [
        "trained/run.toml",
        "tiny/report/report.html",
        "got/measurements.csv",
        "runs/m0/fits.csv",
    ] {
        assert!(folder.path().join(made).is_file(), "{made}");
    }
}

/// What is cut in the middle: `ulimit -f` counts in blocks of 512 or 1024 bytes.
#[test]
#[cfg(target_os = "linux")]
fn a_table_that_is_cut_short_is_a_failure() {
    let folder = folder();
    measured::run(&folder.path().join("runs/m0"), "m0", 40, 16);
    let script = "trap '' XFSZ; ulimit -f 4; exec \"$@\" > cut.csv";
    let output = Command::new("sh")
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_outcrop")])
        .args(["fit", "runs/m0/measurements.csv", "--format", "csv"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(
        errors.contains("failed to write standard output: File too large"),
        "{errors}"
    );
    let size = std::fs::metadata(folder.path().join("cut.csv"))
        .unwrap()
        .len();
    assert!((1024..=4096).contains(&size), "{size}");
}

/// `--out` names what could not be written, whatever form it has, and leaves nothing half done.
#[test]
#[cfg(target_os = "linux")]
fn a_file_that_cannot_be_written_is_named() {
    let folder = folder();
    measured::run(&folder.path().join("runs/m0"), "m0", 40, 16);
    for file in [
        "fits.csv",
        "fits.json",
        "fits.parquet",
        "fits.txt",
        "--curves curves.csv",
    ] {
        let to = match file.starts_with('-') {
            true => format!("--out fits.csv {file}"),
            false => format!("--out {file}"),
        };
        let command = format!("fit runs/m0/measurements.csv {to}");
        let script = "trap '' XFSZ; ulimit -f 4; exec \"$@\"";
        let mut process = Command::new("sh");
        process.args(["-c", script, "sh", env!("CARGO_BIN_EXE_outcrop")]);
        process.args(command.split(' ')).current_dir(folder.path());
        let output = process.output().unwrap();
        let errors = text(&output.stderr);
        let name = file.rsplit(' ').next().unwrap();
        assert_eq!(output.status.code(), Some(1), "{errors}");
        let said = format!("error: failed to write {name}: File too large");
        assert!(errors.contains(&said), "{said}: {errors}");
        assert!(!folder.path().join(name).exists(), "{name}");
    }
    let left = std::fs::read_dir(folder.path()).unwrap();
    assert_eq!(
        left.count(),
        5,
        "runs, tiny.toml, published, statistics, observables.csv"
    );
    let device = run(
        folder.path(),
        "fit runs/m0/measurements.csv --format csv --out /dev/full",
        Stdio::piped(),
        Stdio::piped(),
    );
    let errors = text(&device.stderr);
    assert!(
        errors.contains("failed to write /dev/full: No space left on device"),
        "{errors}"
    );
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = folder();
    for command in [
        "--help",
        "completions zsh",
        "fit runs/m0/measurements.csv --format csv",
        "report runs/m0",
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = run(folder.path(), command, writer.into(), Stdio::piped());
        let errors = text(&output.stderr);
        assert!(
            output.status.success() && !errors.contains("error"),
            "{command}: {errors}"
        );
    }
}

/// Progress and warnings are no results.
#[test]
#[cfg(target_os = "linux")]
fn words_that_cannot_be_said_stop_no_work() {
    let folder = folder();
    for command in [TRAIN, "fit runs/m0/measurements.csv", "report runs/m1"] {
        let said = run(folder.path(), command, Stdio::piped(), full());
        assert!(said.status.success(), "{command}");
        assert!(command == TRAIN || !said.stdout.is_empty());
    }
    let (heard, deaf) = (folder.path().join("heard"), folder.path().join("trained"));
    let again = TRAIN.replace("trained", "heard");
    assert!(
        run(folder.path(), &again, Stdio::piped(), Stdio::piped())
            .status
            .success()
    );
    assert_eq!(files(&heard), files(&deaf));
}
