//! What trainers leave, measured: the same rows, to the bit, as the same weights in safetensors.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use outcrop_checkpoint::{AuditOptions, CheckpointSeries, Select, audit};
use outcrop_core::{Measurement, Stage, Stages, Trajectory, TrajectoryOptions, table};
use outcrop_series::{CheckpointSource, Folder, SeriesOptions, measure_series};
use outcrop_tokens::Sequences;

fn fixture(name: &str) -> PathBuf {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../outcrop-checkpoint/tests/fixtures"
    );
    PathBuf::from(folder).join(name)
}

/// The rows of a run, its steps, and its stage.
fn measured(run: &Path, select: &Select) -> Vec<Measurement> {
    measured_from(run, select, None)
}

/// As [`measured`], of a stage before which stand so many steps.
fn measured_from(run: &Path, select: &Select, begins: Option<u64>) -> Vec<Measurement> {
    let dir = tempfile::tempdir().unwrap();
    let series = CheckpointSeries::open_with(run, select).unwrap();
    assert!(
        audit(&series, &AuditOptions::default())
            .suspect_steps()
            .is_empty()
    );
    let source = CheckpointSource::Local(series);
    let ids = vec![(0..9).collect(), vec![3, 1, 4, 1, 5, 9, 2, 6]];
    let tokens = Sequences::of(ids, None, "two sequences".into());
    let out = Folder::new(dir.path().join("out"));
    let stage = select.stage.clone().map(|name| Stage { name, begins });
    let options = SeriesOptions {
        stage,
        ..SeriesOptions::new("tiny")
    };
    let stop = AtomicBool::new(false);
    let outcome = measure_series(&source, &tokens, &out, &options, &stop, &mut |_| {}).unwrap();
    assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
    let read = table::measurements(&out.file("measurements.csv")).unwrap();
    read.rows
}

fn plain(run: &str) -> Vec<Measurement> {
    measured(&fixture(run), &Select::default())
}

fn steps(rows: &[Measurement]) -> Vec<u64> {
    let mut steps: Vec<u64> = rows.iter().map(|row| row.step).collect();
    steps.dedup();
    steps
}

/// A run of one step with these weights and this config, as transformers has them.
fn of_transformers(reference: &str, step: &str) -> Vec<Measurement> {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join(step);
    fs::create_dir(&folder).unwrap();
    for (from, to) in [
        ("safetensors", "model.safetensors"),
        ("json", "config.json"),
    ] {
        let from = fixture(&format!("{reference}.{from}"));
        fs::copy(from, folder.join(to)).unwrap();
    }
    measured(dir.path(), &Select::default())
}

/// Lightning's run has the weights of transformers' Trainer at steps 2 and 4, under a prefix, in pickles.
#[test]
fn a_run_of_lightning_is_measured_as_that_of_transformers() {
    let expected = plain("trainers/hf");
    assert_eq!(steps(&expected), [2, 4, 6]);
    let found = plain("trainers/lightning");
    assert_eq!(steps(&found), [2, 4]);
    let both = expected.iter().filter(|row| row.step < 6);
    assert_eq!(found, both.cloned().collect::<Vec<_>>());
}

#[test]
fn distributed_checkpoints_are_measured_as_safetensors() {
    for (run, reference, step) in [
        ("distributed/torchtitan", "distributed/llama", "step-20"),
        ("distributed/megatron", "distributed/llama", "iter_0000040"),
        (
            "distributed/megatron_single",
            "distributed/llama",
            "iter_0000040",
        ),
        ("distributed/olmo_core", "distributed/olmo2", "step30"),
        ("named/megatron_llama", "named/llama", "iter_0000040"),
        ("named/nanochat", "named/nanochat", "step100"),
    ] {
        let (found, expected) = (plain(run), of_transformers(reference, step));
        assert_eq!(found, expected, "{run}");
    }
}

/// DeepSpeed's pipeline over one tensor-parallel part and over two leaves the config to its trainer.
#[test]
fn parts_of_a_pipeline_are_measured_as_the_whole() {
    let expected = of_transformers("named/neox", "global_step9");
    for run in ["deepspeed_pipe", "deepspeed_pipe_parts"] {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("global_step9");
        fs::create_dir(&folder).unwrap();
        for entry in fs::read_dir(fixture("named").join(run).join("global_step9")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
        fs::copy(fixture("named/neox.json"), dir.path().join("config.json")).unwrap();
        let found = measured(dir.path(), &Select::default());
        assert_eq!(found, expected, "{run}");
    }
}

/// What llama.cpp's converter wrote of a model is measured as the model.
#[test]
fn files_of_the_converter_of_llama_cpp_are_measured_as_safetensors() {
    let mut count = 0;
    for entry in fs::read_dir(fixture("gguf/converted")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        // the last does not say its architecture
        if path.extension().unwrap() != "gguf" || name == "llama3_other" {
            continue;
        }
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("step5");
        fs::create_dir(&folder).unwrap();
        fs::copy(&path, folder.join("model.gguf")).unwrap();
        let found = measured(dir.path(), &Select::default());
        let expected = of_transformers(&format!("gguf/converted/{name}"), "step5");
        assert_eq!(found, expected, "{name}");
        count += 1;
    }
    assert!(count > 35, "{count}");
}

/// An adapter differs from its base model, and from the adapter of another step.
#[test]
fn adapters_are_measured_with_their_base_model() {
    let found = plain("trainers/peft/run");
    assert_eq!(steps(&found), [2, 4]);
    let of = |step| found.iter().filter(move |row| row.step == step);
    assert!(of(2).zip(of(4)).any(|(a, b)| a.stats != b.stats));
}

/// Each stage by itself, with its name in the table.
#[test]
fn stages_of_a_folder_are_measured_by_themselves() {
    let dir = tempfile::tempdir().unwrap();
    for (name, from) in [
        ("stage1-step2", "checkpoint-2"),
        ("stage1-step10", "checkpoint-4"),
        ("stage2-step2", "checkpoint-6"),
    ] {
        let folder = dir.path().join(name);
        fs::create_dir(&folder).unwrap();
        for file in ["model.safetensors", "config.json"] {
            let from = fixture("trainers/hf").join(from).join(file);
            fs::copy(from, folder.join(file)).unwrap();
        }
    }
    for (stage, expected) in [("stage1", &[2, 10][..]), ("stage2", &[2])] {
        let select = Select {
            stage: Some(stage.into()),
            ..Select::default()
        };
        let series = CheckpointSeries::open_with(dir.path(), &select).unwrap();
        assert_eq!(series.stage.as_deref(), Some(stage));
        let rows = measured(dir.path(), &select);
        assert_eq!(steps(&rows), expected);
        let of_stage = |row: &Measurement| row.stage.as_ref().map(|s| s.name.clone());
        assert!(
            rows.iter()
                .all(|row| of_stage(row).as_deref() == Some(stage))
        );
    }
    // one table of both: a stage is chosen, or they are joined by position
    let begun = [("stage1", 0), ("stage2", 10)].map(|(stage, begins)| {
        let stage = Some(stage.into());
        let select = Select {
            stage,
            ..Select::default()
        };
        measured_from(dir.path(), &select, Some(begins))
    });
    let all = Trajectory::from_measurements(&begun.concat(), TrajectoryOptions::default());
    let chosen = |only: &[&str], join| {
        let only = only.iter().map(|name| (*name).to_owned()).collect();
        Stages { only, join }.choose(all.clone())
    };
    assert!(
        chosen(&[], false)
            .unwrap_err()
            .to_string()
            .contains("--join-stages")
    );
    for (only, join, expected) in [
        (&["stage1"][..], false, &[2, 10][..]),
        (&["stage2"], false, &[2]),
        (&[], true, &[2, 10, 12]),
    ] {
        let layers = chosen(only, join).unwrap();
        assert!(
            layers.iter().all(|layer| layer.steps == expected),
            "{only:?}"
        );
        assert_eq!(layers.len(), 2);
    }
}
