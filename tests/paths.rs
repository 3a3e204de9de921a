//! Folders whose names are no UTF-8: every command works in them as it does elsewhere, or refuses them before
//! it has done anything.
#![cfg(target_os = "linux")] // other systems have no such names
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;
#[path = "common/measured.rs"]
mod measured;

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use common::{files, outcrop, text};

/// Every command; DIR is the folder.
const COMMANDS: &[&str] = &[
    "train DIR/runs/m0/run.toml --out DIR/trained",
    "train DIR/runs/m0/run.toml --out DIR/seeds --seed 1,2",
    "linear --steps 40 --measure 0,every:10 --out DIR/linear",
    "reproduce --profile tiny.toml --out DIR/tiny",
    "sweep tiny.toml --out DIR/swept",
    "measure DIR/trained --out DIR/got",
    "measure DIR/trained --out DIR/table.csv --no-audit",
    "measure DIR/trained/checkpoints/step-000006 --out DIR/one --text DIR/text.txt --tokenizer DIR/tokenizer.json --length 8",
    "measure DIR/trained --out DIR/ids --tokens DIR/ids.u16 --length 8 --config DIR/trained/checkpoints/step-000006/config.json",
    "measure DIR/trained --out DIR/closer --figures --figure-format svg --set-zero",
    "audit DIR/trained",
    "audit DIR/trained --out DIR/audit.json",
    "audit DIR/trained --out DIR/audit.csv",
    "import DIR/published --out DIR/imported",
    "compare DIR/runs/m0 DIR/runs/m1 --out DIR/compared.csv",
    "fit DIR/runs/m0",
    "fit DIR/runs/m0/measurements.csv --out DIR/fits.csv --curves DIR/curves.csv --plots DIR/plots",
    "fit DIR/runs/m0 --backtest 0.7 --out DIR/backtest.json",
    "forecast DIR/runs/m0 --at 9000 --out DIR/forecast.parquet --plots DIR/forecasts",
    "fit DIR/observables.csv --observable norm_first --scale log --out DIR/observed.csv",
    "onset DIR/runs/m0 --out DIR/onsets.csv",
    "onset DIR/observables.csv --observable norm_first@residual-stream --out DIR/onsets.json",
    "synchrony DIR/observables.csv --p 1 --out DIR/synchrony.csv",
    "phases DIR/runs/m2 --join-layers --out DIR/phases.parquet",
    "predict DIR/runs --out DIR/scores.csv",
    "predict DIR/runs --arch DIR/runs/m3 --curves DIR/predicted.csv --svg DIR/predicted.svg",
    "explain DIR/runs --out DIR/explained --repeats 2 --regressor ridge --features l/L,L,d",
    "design DIR/runs --target f_max<1000 --vary layers,d_model --verify 2 --verify-out DIR/verified --recipe DIR/runs/m0/run.toml",
    "design DIR/runs --target f_max<1000 --vary layers --best DIR/best.toml --out DIR/designs.csv",
    "report DIR/runs/m0",
    "report DIR/runs/m0 --out DIR/page",
    "watch DIR/runs/m0 --once",
    "export DIR/runs/m0 --tensorboard --out DIR/board",
    "export DIR/runs/m0 --parquet --out DIR/parquet",
    "export DIR/runs/m0 --jsonl",
    "completions bash",
    "runs",
    "families",
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

/// What a command needs, in a folder called `name`.
fn folder(parent: &Path, name: &OsStr) -> PathBuf {
    let folder = parent.join(name);
    measured::six_models(&folder.join("runs"));
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let published = crates.join("outcrop-core/tests/fixtures/published");
    std::os::unix::fs::symlink(published, folder.join("published")).unwrap();
    let tokenizer = crates.join("outcrop-tokens/tests/fixtures/bpe/tokenizer.json");
    std::fs::copy(tokenizer, folder.join("tokenizer.json")).unwrap();
    std::fs::write(folder.join("text.txt"), "7Q9X".repeat(200)).unwrap();
    std::fs::write(folder.join("ids.u16"), [3u8, 0].repeat(200)).unwrap();
    let row = |step: u32| {
        let norm = 3.0 + f64::from(step / 10) + 0.1 * f64::from(step * step % 7);
        let rows = ["norm_first", "top1"]
            .map(|name| format!("m,{step},1,,residual-stream,{name},{norm},,1\n"));
        rows.concat()
    };
    let header = "model,step,layer,head,place,observable,value,sem,n\n";
    let rows: String = (0..20).map(row).collect();
    std::fs::write(folder.join("observables.csv"), header.to_owned() + &rows).unwrap();
    folder
}

/// `command` with DIR replaced.
fn words(command: &str, folder: &Path) -> Vec<OsString> {
    let word = |word: &str| match word.strip_prefix("DIR") {
        Some(rest) => OsString::from_vec([folder.as_os_str().as_bytes(), rest.as_bytes()].concat()),
        None => word.into(),
    };
    command.split(' ').map(word).collect()
}

fn made(folder: &Path) -> BTreeSet<String> {
    files(folder).into_keys().collect()
}

#[test]
fn a_folder_that_is_no_utf_8_is_as_good_as_another() {
    let parent = tempfile::tempdir().unwrap();
    std::fs::write(parent.path().join("tiny.toml"), PROFILE).unwrap();
    let plain = folder(parent.path(), OsStr::new("plain"));
    let odd = folder(parent.path(), OsStr::from_bytes(b"odd\xff"));
    for command in COMMANDS {
        let [there, here] = [&plain, &odd].map(|folder| {
            let mut process = outcrop();
            process
                .args(words(command, folder))
                .current_dir(parent.path());
            process.output().unwrap()
        });
        let errors = text(&here.stderr);
        assert!(there.status.success(), "{command}: {}", text(&there.stderr));
        assert!(here.status.success(), "{command}: {errors}");
        assert_eq!(made(&plain), made(&odd), "{command}");
    }
    let known = outcrop::cli::command();
    for command in known.get_subcommands().map(clap::Command::get_name) {
        assert!(
            COMMANDS
                .iter()
                .any(|c| c.split(' ').next() == Some(command)),
            "{command}"
        );
    }
}
