//! Features of commands besides their results: settings, seeds, `-q`, completions, parallel runs.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;
#[path = "common/measured.rs"]
mod measured;

use std::path::Path;
use std::process::Output;

use common::{files, outcrop, text};
use measured::SPEC;
use outcrop::core::table;
use outcrop::train::{RunDir, RunSpec};

fn run(folder: &Path, args: &[&str]) -> Output {
    outcrop().args(args).current_dir(folder).output().unwrap()
}

fn done(folder: &Path, args: &[&str]) -> (String, String) {
    let output = run(folder, args);
    let (said, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{args:?}: {errors}");
    (said, errors)
}

fn folder_with_spec() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("spec.toml"), SPEC).unwrap();
    folder
}

fn spec_of(folder: &Path) -> RunSpec {
    RunDir::new(folder).spec().unwrap()
}

#[test]
fn settings_of_the_command_line_are_those_of_a_file() {
    let folder = folder_with_spec();
    let here = folder.path();
    let set = [
        "arch.heads=4",
        "arch.activation=relu",
        "arch.position={kind=\"learned\"}",
        "train.learning_rate=5e-3",
        "schedule.measure=0,every:3",
    ];
    let args: Vec<&str> = set.iter().flat_map(|s| ["--set", s]).collect();
    done(
        here,
        &[&["train", "spec.toml", "--out", "a"][..], &args].concat(),
    );
    let written = SPEC
        .replace(
            "heads = 2",
            "heads = 4\nactivation = 'relu'\nposition = { kind = 'learned' }",
        )
        .replace("steps = 6", "steps = 6\nlearning_rate = 5e-3")
        .replace("every:2", "every:3");
    std::fs::write(here.join("written.toml"), written).unwrap();
    done(here, &["train", "written.toml", "--out", "b"]);
    assert_eq!(files(&here.join("a")), files(&here.join("b")));
    // the embedded default takes them too, and the same command finds its run again
    let tiny = "train --out c --set train.steps=2 --set train.warmup=1 --set schedule.save=last";
    let tiny: Vec<&str> = tiny.split(' ').collect();
    done(here, &tiny);
    assert!(done(here, &tiny).0.contains("finished already"));
}

#[test]
fn each_seed_has_a_run_of_its_own() {
    let folder = folder_with_spec();
    let here = folder.path();
    let (said, _) = done(here, &["train", "spec.toml", "--seed", "1,22,3"]);
    for seed in [1, 22, 3] {
        let run = format!("runs/m-seeds/runs/m-s{seed}");
        assert!(said.contains(&format!("finished {run}")), "{said}");
        let spec = spec_of(&here.join(&run));
        assert_eq!((spec.train.seed, spec.model), (seed, format!("m-s{seed}")));
    }
    let before = files(&here.join("runs"));
    done(here, &["train", "spec.toml", "--seed", "1,22,3"]);
    assert_eq!(files(&here.join("runs")), before);
    // one seed is a setting, and its run is bit for bit that of several but for the name
    done(
        here,
        &["train", "spec.toml", "--seed", "22", "--out", "one"],
    );
    let loss = |run: &str| {
        let losses = table::read_rows::<outcrop::core::LossPoint>(&here.join(run).join("loss.csv"));
        let losses = losses.unwrap().rows;
        losses.iter().map(|l| l.held_out_loss).collect::<Vec<_>>()
    };
    assert_eq!(loss("one"), loss("runs/m-seeds/runs/m-s22"));
    assert_ne!(loss("one"), loss("runs/m-seeds/runs/m-s1"));
    for (args, part) in [
        (
            ["--seed", "1,2", "--out", "one"],
            "several seeds need a folder of their own",
        ),
        (["--seed", "1,1", "--out", "two"], "each seed once"),
        (
            ["--seed", "1,9223372036854775808", "--out", "two"],
            "below 2^63",
        ),
    ] {
        let output = run(here, &[&["train", "spec.toml"][..], &args].concat());
        assert_eq!(output.status.code(), Some(1));
        assert!(
            text(&output.stderr).contains(part),
            "{}",
            text(&output.stderr)
        );
    }
    assert!(!here.join("two").exists());
}

#[test]
fn a_quiet_command_says_results_and_errors_and_a_verbose_one_what_it_read() {
    let folder = folder_with_spec();
    let here = folder.path();
    let often = ["--set", "schedule.measure=0,every:1"];
    let (_, normal) = done(
        here,
        &[&["train", "spec.toml", "--out", "a"][..], &often].concat(),
    );
    assert!(
        normal.contains("held-out loss") && !normal.contains("spec.toml"),
        "{normal}"
    );
    let (said, quiet) = done(here, &["train", "-q", "spec.toml", "--out", "b"]);
    assert!(quiet.is_empty() && said.contains("finished b"), "{quiet}");
    let (_, verbose) = done(here, &["--verbose", "train", "spec.toml", "--out", "c"]);
    for part in [
        "spec.toml",
        "corpus bigram-backcopy",
        "d_model = 16",
        "into c",
    ] {
        assert!(verbose.contains(part), "{part}: {verbose}");
    }
    for args in [["fit", "a"], ["compare", "a"], ["report", "a"]] {
        let (said, quiet) = done(here, &[&["-q"][..], &args].concat());
        assert!(quiet.is_empty() && !said.is_empty(), "{args:?}: {quiet}");
        let (_, verbose) = done(here, &[&["-v"][..], &args].concat());
        assert!(verbose.contains("reading a"), "{args:?}: {verbose}");
    }
    let output = run(here, &["-q", "fit", "absent.csv"]);
    assert!(text(&output.stderr).contains("error: failed to read absent.csv"));
}

#[test]
fn every_shell_completes_every_command() {
    let here = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (script, errors) = done(here.path(), &["completions", shell]);
        assert!(errors.is_empty());
        for command in outcrop::cli::command().get_subcommands() {
            assert!(
                script.contains(command.get_name()),
                "{shell}: {}",
                command.get_name()
            );
        }
    }
}

#[test]
fn runs_stand_side_by_side() {
    let folder = folder_with_spec();
    let here = folder.path();
    done(here, &["train", "spec.toml", "--out", "runs/a"]);
    let other = ["--set", "arch.d_ff=32", "--set", "model=other"];
    done(
        here,
        &[&["train", "spec.toml", "--out", "runs/b"][..], &other].concat(),
    );
    let (said, _) = done(here, &["compare", "runs/a", "runs/b"]);
    let lines: Vec<&str> = said.lines().collect();
    let words = |line: &str| {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(words(lines[0]), ["run", "model", "arch.d_ff"]);
    assert_eq!(words(lines[1]), ["runs/a", "m", "64"]);
    assert_eq!(words(lines[2]), ["runs/b", "other", "32"]);

    // the numbers are those of the trajectories
    let (csv, settings) = done(here, &["compare", ".", "--format", "csv"]);
    assert!(settings.contains("arch.d_ff"), "{settings}");
    let rows: Vec<Vec<&str>> = csv
        .lines()
        .skip(1)
        .map(|l| l.split(',').collect())
        .collect();
    assert_eq!(rows.len(), 4);
    for (run, model) in [("a", "m"), ("b", "other")] {
        let path = here.join("runs").join(run);
        let all = outcrop::core::open_trajectories(&path, outcrop::core::Ratio::default());
        for item in all.unwrap() {
            let table::Streamed::Row(t) = item.unwrap() else {
                panic!("a problem")
            };
            let row = rows
                .iter()
                .find(|r| r[1] == model && r[2] == t.layer.to_string())
                .unwrap();
            let number = |column: usize| row[column].parse::<f64>().unwrap();
            assert_eq!((number(3), number(5)), (0.0, 6.0));
            assert_eq!(
                (number(4), number(6)),
                (t.ratios[0], *t.ratios.last().unwrap())
            );
            let largest = t.ratios.iter().copied().fold(0.0, f64::max);
            let at = t.ratios.iter().position(|r| *r == largest).unwrap();
            assert_eq!((number(7), number(8)), (largest, t.steps[at] as f64));
        }
        let losses = table::read_rows::<outcrop::core::LossPoint>(&path.join("loss.csv"))
            .unwrap()
            .rows;
        let last = losses.last().unwrap();
        let row = rows.iter().find(|r| r[1] == model).unwrap();
        assert_eq!(row[9].parse::<f64>().ok(), last.loss);
        assert_eq!(row[10].parse::<f64>().unwrap(), last.held_out_loss);
    }
    assert_eq!(run(here, &["compare", "nowhere"]).status.code(), Some(1));
}

#[test]
fn run_directories_are_learned_from() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    measured::six_models(&here.join("results/runs"));
    let (said, errors) = done(here, &["predict", "results"]);
    assert!(
        said.contains("f_max") && errors.contains("fitting its 2 layers now"),
        "{errors}"
    );
    done(
        here,
        &[
            "explain",
            "results/runs",
            "--target",
            "ln f_max",
            "--out",
            "why",
        ],
    );
    assert!(here.join("why/shapley.csv").is_file());
    let design = [
        "design",
        "results",
        "--target",
        "f_max<1000",
        "--vary",
        "layers,d_model",
    ];
    done(here, &design);
    let alone = run(here, &["predict", "results/runs/m1"]);
    assert_eq!(alone.status.code(), Some(1));
    let errors = text(&alone.stderr);
    assert!(
        errors.contains("m1: a ratio of") && errors.contains("models"),
        "{errors}"
    );
    done(here, &["predict", "results", "--arch", "results/runs/m3"]);
}

#[test]
fn a_run_directory_names_its_architecture() {
    let folder = folder_with_spec();
    let here = folder.path();
    done(here, &["train", "spec.toml", "--out", "a"]);
    let archs = table::architectures(&here.join("a/architectures.csv"))
        .unwrap()
        .rows;
    assert_eq!(archs.len(), 1);
    let spec = spec_of(&here.join("a"));
    assert_eq!((&archs[0].model, &archs[0].arch), (&spec.model, &spec.arch));
}
