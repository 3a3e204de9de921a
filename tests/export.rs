//! `outcrop export` and `outcrop train --tensorboard`.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;
#[path = "common/measured.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod measured;

use std::path::Path;
use std::process::Output;

use common::{files, outcrop, text};
use outcrop::core::{Fit, table};
use outcrop::export::tensorboard::{FILE_NAME, scan};

use measured::SPEC;

fn run(folder: &Path, words: &str) -> Output {
    let mut command = outcrop();
    command.args(words.split(' ')).current_dir(folder);
    command.output().unwrap()
}

fn succeeded(folder: &Path, words: &str) -> Output {
    let output = run(folder, words);
    assert!(output.status.success(), "{words}: {}", text(&output.stderr));
    output
}

/// A folder with a run that was trained with an event file.
fn trained() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let spec = format!("{SPEC}save = '0,every:2'\n");
    std::fs::write(folder.path().join("spec.toml"), spec).unwrap();
    succeeded(
        folder.path(),
        "train spec.toml --out run --tensorboard --observe quantiles",
    );
    folder
}

#[test]
fn training_writes_the_events_that_an_export_writes() {
    let folder = trained();
    succeeded(folder.path(), "export run --tensorboard --out again");
    let [live, exported] = ["run", "again"].map(|run| {
        let file = folder.path().join(run).join(FILE_NAME);
        std::fs::read(file).unwrap()
    });
    assert_eq!(scan(&live).last_step, Some(6));
    assert_eq!(scan(&live).good, live.len() as u64);
    assert_eq!(live.len(), exported.len()); // they differ in the times of events
}

#[test]
fn a_run_that_goes_on_writes_no_step_twice_and_none_is_missing() {
    let folder = trained();
    let run = folder.path().join("run");
    let file = run.join(FILE_NAME);
    let whole = std::fs::read(&file).unwrap();
    // steps that are there already are computed again
    std::fs::remove_dir_all(run.join("checkpoints/step-000006")).unwrap();
    std::fs::remove_dir_all(run.join("checkpoints/step-000004")).unwrap();
    succeeded(
        folder.path(),
        "train spec.toml --out run --tensorboard --observe quantiles --repair",
    );
    assert_eq!(std::fs::read(&file).unwrap(), whole);
    // a torn record, and steps after it, are written again from the tables
    for kept in [whole.len() - 3, whole.len() / 2, 5, 0] {
        std::fs::write(&file, &whole[..kept]).unwrap();
        succeeded(
            folder.path(),
            "train spec.toml --out run --tensorboard --observe quantiles",
        );
        let again = std::fs::read(&file).unwrap();
        assert_eq!(again.len(), whole.len(), "{kept}");
        assert_eq!(scan(&again), scan(&whole), "{kept}");
    }
}

#[test]
fn an_event_file_that_cannot_be_written_is_told_and_training_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("spec.toml"), SPEC).unwrap();
    succeeded(folder.path(), "train spec.toml --out run");
    let run = folder.path().join("run");
    std::fs::create_dir(run.join(FILE_NAME)).unwrap();
    std::fs::remove_dir_all(run.join("checkpoints/step-000006")).unwrap();
    let output = succeeded(
        folder.path(),
        "train spec.toml --out run --tensorboard --repair",
    );
    let said = text(&output.stderr);
    let warnings = said
        .matches("warning: failed to write run/events.out")
        .count();
    assert_eq!(warnings, 1, "{said}");
    assert!(said.contains("outcrop export run --tensorboard"), "{said}");
    assert!(run.join("checkpoints/step-000006").is_dir());
}

#[test]
fn every_table_comes_back_from_parquet() {
    let folder = trained();
    succeeded(folder.path(), "export run --parquet --out tables");
    let made: Vec<String> = files(&folder.path().join("tables")).into_keys().collect();
    let expected = ["architectures", "loss", "measurements", "observables"];
    assert_eq!(made, expected.map(|name| format!("{name}.parquet")));
    let shown = |run: &str| {
        let output = succeeded(folder.path(), &format!("compare {run} --format csv"));
        text(&output.stdout).replace(&format!("\n{run},"), "\n")
    };
    assert_eq!(shown("tables"), shown("run"));
}

#[test]
fn fits_keep_every_quantity_in_parquet() {
    let atlas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/atlas");
    let folder = tempfile::tempdir().unwrap();
    let mut command = outcrop();
    command
        .arg("export")
        .arg(&atlas)
        .args(["--parquet", "--out"]);
    let output = command.arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let [csv, parquet] = [atlas.as_path(), folder.path()].map(|folder| {
        let path = table::in_folder(folder, "fits").unwrap();
        table::read_rows::<Fit>(&path).unwrap().rows
    });
    assert!(csv.len() > 100);
    assert_eq!(format!("{csv:?}"), format!("{parquet:?}"));
}

#[test]
fn lines_of_json_are_records() {
    let folder = trained();
    succeeded(folder.path(), "export run --jsonl");
    let lines = std::fs::read_to_string(folder.path().join("run/jsonl/loss.jsonl")).unwrap();
    let rows: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let steps: Vec<u64> = rows
        .iter()
        .map(|row| row["step"].as_u64().unwrap())
        .collect();
    assert_eq!(steps, [0, 2, 4, 6]);
    assert!(rows[0]["loss"].is_null() && lines.ends_with("}\n"));
}

#[test]
fn several_models_have_a_file_each_and_names_stay_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let header = "model,step,tokens,loss,held_out_loss,learning_rate,gradient_norm\n";
    let rows = "../up,0,0,,4,,\na,0,0,,4,,\n";
    std::fs::write(folder.path().join("loss.csv"), header.to_owned() + rows).unwrap();
    succeeded(folder.path(), "export . --tensorboard --out out");
    let made: Vec<String> = files(&folder.path().join("out")).into_keys().collect();
    let file = |name: &str| format!("tensorboard/{name}/{FILE_NAME}");
    assert_eq!(made, [file(".._up"), file("a")]);
}

#[test]
fn what_cannot_be_exported_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (words, status, part) in [
        ("export .", 2, "--tensorboard"),
        ("export . --tensorboard --jsonl", 2, "cannot be used with"),
        (
            "export . --tensorboard",
            1,
            "no row of measurements.csv, loss.csv or observables.csv",
        ),
        (
            "export . --parquet",
            1,
            "none of the tables measurements.csv",
        ),
        ("export nowhere --jsonl", 1, "nowhere"),
        ("export . --jsonl --out t.csv", 1, "--out = t.csv"),
    ] {
        let output = run(folder.path(), words);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{words}: {said}");
        assert!(said.contains(part), "{words}: {said}");
    }
    assert!(files(folder.path()).is_empty());
}
